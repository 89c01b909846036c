//! The short run of the fuzz targets: every seed, and a fixed number of mutations of it by a generator with a fixed seed,
//! so that each run is the same. The long one is `make fuzz`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::root;
use container::Container;

#[path = "../../fuzz/src/lib.rs"]
#[allow(dead_code, reason = "some of it is for cargo-fuzz alone")]
mod targets;

use targets::{TARGETS, Target, container};

/// Longest that an input may take; one that took longer is tried once more, since the machine may have been busy.
const LONGEST: Duration = Duration::from_secs(2);
/// When an input is held to take for ever.
const FOR_EVER: Duration = Duration::from_secs(60);
/// Longest seed that is mutated.
const SEED_BYTES: u64 = 64 << 10;

/// How many mutations of its seeds a target is run on.
fn mutations(target: &str) -> usize {
    match target {
        "number" | "label" => 4_000,
        "pattern" | "header" => 1_000,
        "spec" => 100,
        _ => 300,
    }
}

/// The input at hand, for the one who waits.
struct Current {
    target: &'static str,
    bytes: Vec<u8>,
    since: Instant,
}

#[test]
fn the_seed_made_by_hand_reads_to_what_was_written() {
    let path = root().join("fuzz/seeds/xlsb/table.xlsb");
    let document = shebao::grid::read(&path, "table.xlsb", shebao::grid::Declared::default())
        .unwrap_or_else(|d| panic!("{}", d.render()));
    let sheet = &document.grids[0];
    let shown: Vec<String> = sheet.iter().map(|(at, cell)| format!("{}={}", sheet.address(at), cell.text)).collect();
    let expected =
        "A1=地区 B1=参保率 C1=参保人数 A2=北京 B2=7.5% C2=1408 A3=2004-07-30 B3=#DIV/0! C3=TRUE A4=#N/A B4=一 C4=FALSE";
    assert_eq!(shown.join(" "), expected);
    assert_eq!((sheet.sheet.as_str(), sheet.merges().len()), ("表1", 1));
}

#[test]
fn random_layouts_are_read_often_enough_to_say_something() {
    let mut random = Random(7);
    let read = |_| targets::header::read(&(0..400).map(|_| random.next() as u8).collect::<Vec<u8>>());
    let read: Vec<Option<bool>> = (0..400).map(read).collect();
    let (sound, whole) = (read.iter().flatten().count(), read.iter().flatten().filter(|r| **r).count());
    println!("of {}: {sound} sound specifications, {whole} tables read", read.len());
    assert!(sound > 100 && whole > 20, "of {}: {sound} sound specifications, {whole} tables read", read.len());
}

#[test]
fn no_input_makes_a_target_fail() {
    let current = Arc::new(Mutex::new(Current { target: "", bytes: Vec::new(), since: Instant::now() }));
    let seen = current.clone();
    let worker = std::thread::spawn(move || TARGETS.iter().map(|t| short_run(t, &seen)).sum::<usize>());
    while !worker.is_finished() {
        std::thread::sleep(Duration::from_millis(50));
        let now = current.lock().unwrap();
        assert!(now.since.elapsed() < FOR_EVER, "{}: an input takes for ever: {}", now.target, keep(&now));
    }
    match worker.join() {
        Ok(inputs) => println!("{inputs} inputs"),
        Err(_) => {
            let last = current.lock().unwrap();
            panic!("{}: the message is above, the input is {}", last.target, keep(&last));
        }
    }
}

/// Writes the input to a file, for a seed to be made of it.
fn keep(input: &Current) -> String {
    let path = std::env::temp_dir().join(format!("shebao-fuzz-{}", input.target));
    fs::write(&path, &input.bytes).unwrap();
    path.display().to_string()
}

fn short_run(target: &'static Target, current: &Mutex<Current>) -> usize {
    let seeds = seeds(target.name);
    let try_one = |bytes: Vec<u8>| {
        let took = || {
            let since = Instant::now();
            *current.lock().unwrap() = Current { target: target.name, bytes: bytes.clone(), since };
            (target.check)(&bytes);
            since.elapsed()
        };
        let took = Some(took()).filter(|t| *t <= LONGEST).unwrap_or_else(took);
        assert!(took <= LONGEST, "took {took:?}");
    };
    seeds.iter().for_each(|seed| try_one(seed.clone()));
    let mut random = Random(0x5EED);
    for _ in 0..mutations(target.name) {
        let (seed, other) = (random.pick(&seeds), random.pick(&seeds));
        try_one(mutate(seed, other, &mut random));
    }
    seeds.len() + mutations(target.name)
}

/// The seeds of a target: those committed, the specifications and the office files of the fixtures; for headers, which are
/// made by chance, random bytes.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folders = ["fixtures", "tests/bad", "pipelines"].map(|f| root().join(f));
    let extension = if target == "spec" { "toml" } else { target };
    let mut paths = files(&root().join("fuzz/seeds").join(target));
    let found = folders.iter().flat_map(|f| files(f));
    paths.extend(found.filter(|p| p.extension().is_some_and(|e| e == extension) && !p.ends_with("source.toml")));
    let short = paths.iter().filter(|p| fs::metadata(p).is_ok_and(|m| m.len() <= SEED_BYTES));
    let mut seeds: Vec<Vec<u8>> = short.map(|p| fs::read(p).unwrap()).collect();
    if target == "spec" {
        let layouts = files(&root().join("fixtures/layouts"));
        let texts = layouts.iter().filter_map(|p| fs::read_to_string(p).ok());
        seeds.extend(texts.filter_map(|text| {
            let spec = text.split_once("\n=== spec\n")?.1;
            Some(spec.split("\n===").next().unwrap_or(spec).as_bytes().to_vec())
        }));
    }
    assert!(!seeds.is_empty() || target == "header", "{target} has no seed");
    if target == "header" {
        let mut random = Random(1);
        seeds.extend((0..64).map(|_| (0..200).map(|_| random.next() as u8).collect()));
    }
    seeds
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let mut found: Vec<PathBuf> = entries.flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] }).collect();
    found.sort();
    found
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// An input that differs from `seed`: mostly in one of its parts where it is a container, else anywhere.
fn mutate(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let opened = if random.below(8) == 0 { None } else { Container::open(seed) };
    let mutated = opened.and_then(|mut container| {
        for _ in 0..=random.below(2) {
            let nth = random.below(container.parts.len());
            let part = &mut container.parts[nth].1;
            *part = mutate_bytes(part, other, random);
        }
        container.close()
    });
    mutated.unwrap_or_else(|| mutate_bytes(seed, other, random))
}

const NUMBERS: [&str; 12] =
    ["0", "-1", "1", "255", "65536", "1048577", "16385", "4294967295", "-9223372036854775808", "1e308", "NaN", "0.1"];
const TEXTS: [&str; 16] = [
    "{any}",
    "{year}年",
    "{number}",
    "　",
    "\u{301}",
    "\u{200B}",
    "合计",
    "\"",
    "\r\n",
    "<td rowspan=0>",
    "&#x110000;",
    "=",
    "<!--",
    "]]>",
    "%",
    ",,,,",
];

fn mutate_bytes(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(out.len() + 1);
        let end = (at + 1 + random.below(16)).min(out.len());
        match random.below(9) {
            0 if at < out.len() => out[at] ^= 1 << random.below(8),
            1 if at < out.len() => out[at] = *random.pick(&[0, 1, 0x7F, 0x80, 0xFF, b'0', b'9']),
            2 => {
                let number = *random.pick(&[0u32, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, u32::MAX]);
                let width = *random.pick(&[2, 4]);
                out.iter_mut().skip(at).zip(&number.to_le_bytes()[..width]).for_each(|(b, n)| *b = *n);
            }
            3 => drop(out.drain(at..end)),
            4 => {
                let again = out[at..end].to_vec();
                let times = 1 + random.below(40);
                drop(out.splice(at..at, again.repeat(times)));
            }
            5 => drop(out.splice(at..at, random.pick(&TEXTS).bytes())),
            6 => {
                let start = out[at..].iter().position(u8::is_ascii_digit).map_or(at, |n| at + n);
                let digits = out[start..].iter().take_while(|b| b.is_ascii_digit()).count();
                drop(out.splice(start..start + digits, random.pick(&NUMBERS).bytes()));
            }
            7 if !other.is_empty() => {
                let from = random.below(other.len());
                let to = (from + 1 + random.below(64)).min(other.len());
                drop(out.splice(at..end, other[from..to].iter().copied()));
            }
            _ if random.below(4) == 0 => out.truncate(at),
            _ => {}
        }
    }
    out
}
