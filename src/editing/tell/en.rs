//! Facts in English.

use super::fact::{Addend, Fact, Need, Neighbour, Number, Odd, Reads, Sum};
use crate::editing::loose::Loose;
use crate::editing::material::{Material, Reading};
use crate::editing::words::{grouped, shown};
use crate::spec::rules::Comparison;

/// What a finding says of a reading; with the words of the text that states it, where one does.
pub fn sentence(fact: &Fact, at: &Reading, material: &Material) -> String {
    let told = format!("{}: {}", at.subject, clause(fact, at, material));
    match at.citation.is_empty() || told.contains(&at.citation) {
        true => told,
        false => format!("{told}; the text: {}", at.citation),
    }
}

fn clause(fact: &Fact, at: &Reading, material: &Material) -> String {
    let (printed, unit) = (shown(at), &at.unit_name);
    let reading = |cell: &usize| &material.readings[*cell];
    match fact {
        Fact::Unchecked(needs) if needs.is_empty() => {
            format!("{printed} {unit} cannot be checked, what is not stated: a number")
        }
        Fact::Unchecked(needs) => format!("{printed} {unit} cannot be checked, what is not stated: {}", missing(needs)),
        Fact::Unjudged(fact, needs) => {
            let what = if needs.is_empty() { "some of the parts".to_owned() } else { missing(needs) };
            format!("{}; {what} have no number, so the sum cannot be judged", clause(fact, at, material))
        }
        Fact::Parts { dimension, count, total, off, less } => {
            let word = if *less { "less" } else { "more" };
            format!(
                "the {count} parts by {dimension} add up to {total} {unit}, {off} {word} than the printed total {printed}"
            )
        }
        Fact::PartAbove { part, total, off } => {
            format!("the part \"{}\" is {total} {unit}, {off} more than the whole {printed}", reading(part).subject)
        }
        Fact::PartsAbove { count, total, off } => {
            format!("the {count} parts together are {total} {unit}, {off} more than the whole {printed}")
        }
        Fact::Sum { sum, is, off, less } => {
            let what = match is {
                Comparison::Equal => "but",
                Comparison::AtMost => "at most so much, but",
                Comparison::AtLeast => "at least so much, but",
            };
            let word = if *less { "less" } else { "more" };
            let text = added(sum, material);
            let equals = if sum.alone { String::new() } else { format!(" = {}", sum.total) };
            format!("{text}{equals} {unit}, {what} {printed} is printed, {off} {word}")
        }
        Fact::Loosely { sum, loose, off, short } => {
            let text = format!("{} = {} {unit}", added(sum, material), sum.total);
            loosely(&text, *loose, *short, &printed, off)
        }
        Fact::Rate { part, less, whole, computed } => {
            let told = |cell: &Option<usize>| cell.map_or_else(|| "0".to_owned(), |cell| amount(reading(&cell)));
            let less = if less.is_some() { format!(" − {}", told(less)) } else { String::new() };
            format!("{}{less} of {} are {computed} {unit}, but {printed} is printed", told(part), told(whole))
        }
        Fact::NoBase => "the base is 0".to_owned(),
        Fact::Level { persons, each, above, off, bound, bound_each } => {
            let (word, end) = if *above { ("above", "highest") } else { ("below", "lowest") };
            format!(
                "{printed} {unit} for {persons} persons are {each} yuan each, {off} {unit} {word} what the {end} standards \
                 make, {bound} ({bound_each} each)"
            )
        }
        Fact::Extreme { stated, is_low } => {
            let stated = reading(stated);
            let (word, end) = if *is_low { ("less", "lowest") } else { ("more", "highest") };
            let who = if stated.citation.is_empty() { &stated.cell } else { &stated.citation };
            format!("{printed} {unit} is {word} than {}, which {who} calls the {end}", shown(stated))
        }
        Fact::Places { other } => places(at, reading(other)),
        Fact::Negative => format!("{printed} {unit} is negative"),
        Fact::Below(low) => format!("{printed} {unit} is less than {low}"),
        Fact::Above(high) => format!("{printed} {unit} is more than {high}"),
        Fact::Odd(odd) => doubted(odd, at, material),
    }
}

/// What is possible and still asks for a look.
fn doubted(odd: &Odd, at: &Reading, material: &Material) -> String {
    let (printed, unit) = (shown(at), &at.unit_name);
    let reading = |cell: &usize| &material.readings[*cell];
    match odd {
        Odd::Growth { before, pct, grows, policies } => {
            let (sign, pct) = (if *grows { "+" } else { "" }, pct.map_or_else(String::new, grouped));
            let policies: String = policies.iter().map(|p| format!("; since {}: {}", p.day, p.reason)).collect();
            format!("{printed} {unit} after {before} the period before, {sign}{pct}%{policies}")
        }
        Odd::Peers { ratio, persons, middle, .. } => {
            format!("{ratio} for each of {persons}, where the middle of its like is {middle}")
        }
        Odd::Unit { before, neighbour, factor } => {
            let when = match neighbour {
                Neighbour::Period => "the period before",
                Neighbour::Edition => "the edition before",
            };
            format!(
                "{printed} {unit} here and {before} {when}, about {factor} times as much: the unit may be another than the \
                 one stated"
            )
        }
        Odd::Direction { moved, falls, left } => {
            let (word, what) = if *falls { ("falls", "surplus") } else { ("rises", "shortfall") };
            format!("the balance {word} by {moved} {unit} in a period that closes with a {what} of {left}")
        }
        Odd::Coincidence { codes, .. } => {
            format!("{printed} {unit} is printed for {} alike, to the last digit", codes.join(", "))
        }
        Odd::OutOfRow { expected } => {
            format!("{printed} is out of proportion, the other figures of the row make it {expected}")
        }
        Odd::OffBase { row, base, whole, pct } => {
            let pct = pct.map_or_else(String::new, grouped);
            format!("{printed} is not {row}/{base} of {}, {pct}% of that", shown(reading(whole)))
        }
        Odd::Signs { marks, plus, bare, reads, declared } => {
            let marks: Vec<String> = marks.iter().map(char::to_string).collect();
            let [with, without] = reads.map(|reads| match reads {
                Reads::Plus => "+",
                Reads::Minus => "−",
                Reads::Both => "both",
            });
            let who = if *declared { "as the table's specification declares" } else { "which nobody declares" };
            format!(
                "{plus} figures of the column carry {} and {bare} no sign; read as {with} and {without}, {who}",
                marks.join(" and ")
            )
        }
    }
}

fn loosely(text: &str, loose: Loose, short: bool, printed: &str, off: &str) -> String {
    match (loose, short) {
        (Loose::Rest, true) => format!(
            "{text} of {printed}; some of the parts are more than is printed, so that at most {off} are of no part that is \
             named"
        ),
        (Loose::Rest, false) => format!(
            "{text}, {printed} is printed; some of the parts are less than is printed, so that at most {off} are too many"
        ),
        (Loose::CutOff, _) => format!(
            "{text}, but {printed} is printed: within rounding, yet as if the digits behind it had been cut off"
        ),
    }
}

fn places(at: &Reading, other: &Reading) -> String {
    let sheet = if other.sheet.is_empty() { String::new() } else { format!(", sheet \"{}\"", other.sheet) };
    let said = |of: &Reading| if of.citation.is_empty() { String::new() } else { format!(" ({})", of.citation) };
    format!(
        "{} here{}, but {} in {}{sheet}, cell {}{}, which counts",
        amount(at),
        said(at),
        amount(other),
        other.source_file,
        other.cell,
        said(other)
    )
}

fn amount(reading: &Reading) -> String {
    format!("{} {}", shown(reading), reading.unit_name)
}

fn missing(needs: &[Need]) -> String {
    let told = |need: &Need| match need {
        Need::Figure(role) => role.en.clone(),
        Need::Each(role) => format!("amount for each of {}", role.en),
        Need::Parts(count) => format!("{count} of the parts"),
    };
    needs.iter().map(told).collect::<Vec<_>>().join(", ")
}

/// The terms of a sum as they are added up.
fn added(sum: &Sum, material: &Material) -> String {
    sum.written(|Addend { role, number, .. }| match number {
        Number::Plain(number) => format!("{} {number}", role.en),
        Number::Each { cell, each } => {
            let [count, each] = [cell, each].map(|cell| amount(&material.readings[*cell]));
            format!("{} {count} × {each}", role.en)
        }
    })
}
