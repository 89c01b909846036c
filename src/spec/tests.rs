//! Faults of specification files: what the messages say.

use std::path::Path;

use super::load_folder;

const GOOD: &str = r#"title    = "参保人数"
priority = 10
corner   = "地区"
unit     = "10k_person"

[context]
scheme = "unemployment"

[[rows]]
label = "{region}"

[[columns]]
label     = "{year}年"
indicator = "insured_person"

[[edition]]
id   = "2013"
file = "t/t.csv"
"#;

/// The messages about a specification that differs from the good one by a replacement.
fn faults(from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    let source = "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n";
    std::fs::write(folder.path().join("t/source.toml"), source).unwrap();
    assert!(GOOD.contains(from), "{from}");
    std::fs::write(folder.path().join("t/table.toml"), GOOD.replacen(from, to, 1)).unwrap();
    let codes = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/codes");
    let root = folder.path().to_owned();
    let shown = move |p: &Path| format!("pipelines/{}", p.strip_prefix(&root).unwrap_or(p).display());
    let loaded = load_folder(folder.path(), &codes, &shown);
    assert_eq!(loaded.value.sources[0].tables.is_empty(), loaded.has_errors());
    loaded.diagnostics.iter().map(|d| d.render()).collect()
}

#[test]
fn messages() {
    assert_eq!(faults("title", "title"), "");
    let cases = [
        ("unit     = \"10k_person\"", "unti = \"10k_person\"\nheader_rows = \"two\""),
        ("unit     = \"10k_person\"", "unit = \"10k_persons\""),
        ("priority = 10\n", ""),
        ("priority = 10\n", "priority = 10\npriority = 11\n"),
        ("[context]", "[context"),
        ("unit     = \"10k_person\"", "unit = \"10k_yuan\""),
        ("\"{region}\"", "\"{regoin}\""),
        ("\"{year}年\"", "\"人数\""),
        ("scheme = \"unemployment\"", "scheme = \"unemployed\"\nregion = \"99\""),
        ("corner   = \"地区\"", "header_blank = \"right\""),
        ("[[edition]]", "[[sum]]\ndimension = \"regoin\"\nwhole = \"000000\"\nparts = \"rest\"\n[[edition]]"),
        ("[[edition]]", "[[edition]]\nid = \"2013\"\nfile = \"../x\"\n[[edition]]"),
        (
            "indicator = \"insured_person\"",
            "indicator = \"insured_person\"\nbreakdown = { payer = \"cities\", colour = \"red\" }",
        ),
    ];
    let said: Vec<String> = cases.iter().map(|(from, to)| format!("{from} → {to}\n\n{}", faults(from, to))).collect();
    insta::assert_snapshot!(said.join("\n"));
}
