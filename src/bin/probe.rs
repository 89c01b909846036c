//! probe
fn main() {
    for path in std::env::args().skip(1) {
        let p = std::path::Path::new(&path);
        let name = p.file_name().unwrap().to_string_lossy().into_owned();
        let doc = match shebao::grid::read(p, &name, None) {
            Ok(d) => d,
            Err(e) => {
                println!("## {name}: ERR {}", e.message);
                continue;
            }
        };
        let t = std::time::Instant::now();
        let s = shebao::survey::survey(&doc);
        println!("## {name} {:?}", t.elapsed());
        for (sheet, grid) in s.sheets.iter().zip(&doc.grids) {
            println!("  [{}] {}x{} {}", sheet.name, sheet.rows, sheet.cols, if sheet.hidden { "hidden" } else { "" });
            let env = std::env::var("DRAFT").unwrap_or_default();
            let project = shebao::project::Project::open(std::path::Path::new("/work/wt-survey"), None).unwrap();
            let book = shebao::spec::load_codes(&project).value;
            for (n, parts) in sheet.whole_tables().iter().enumerate() {
                let t = parts[0];
                let title: Vec<String> =
                    t.titles.iter().map(|c| grid.text(c.row, c.col).chars().take(50).collect()).collect();
                println!(
                    "    {n} parts {} header {:?} body {:?} labels {:?} data {:?}..{:?}({}) texts {:?} numbers {} cont {:?} titles {:?} notes {}",
                    parts.len(),
                    (t.header.start + 1..t.header.end),
                    (t.body.start + 1..t.body.end),
                    t.label_cols,
                    t.data_cols.first(),
                    t.data_cols.last(),
                    t.data_cols.len(),
                    t.text_cols,
                    t.numbers,
                    t.continues,
                    title,
                    t.notes.len()
                );
                if !env.is_empty() {
                    let began = std::time::Instant::now();
                    let d = shebao::survey::draft::draft(&book, &doc, grid, parts, &name);
                    if env == "text" {
                        println!("{}", d.text);
                    }
                    println!(
                        "  => {} {}/{} {:?} {} [{name} | {} #{n}]",
                        if d.trial.holds() { "HOLDS" } else { "FAILS" },
                        d.trial.numbers - d.trial.missed.len(),
                        d.trial.numbers,
                        began.elapsed(),
                        d.trial.faults.first().map_or(String::new(), |f| format!(
                            "{}: {}",
                            f.code,
                            f.message.replace('\n', " ")
                        )),
                        grid.sheet
                    );
                }
            }
        }
    }
}
