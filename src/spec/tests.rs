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

/// The messages about code lists of which one file is changed.
fn faults_of_codes(file: &str, from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let codes = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/codes");
    for below in ["", "concordance"] {
        std::fs::create_dir_all(folder.path().join(below)).unwrap();
        for entry in std::fs::read_dir(codes.join(below)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, folder.path().join(below).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    let path = folder.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text.contains(from), "{from}");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let mut faults = Vec::new();
    let shown = |p: &Path| format!("codes/{}", p.file_name().unwrap().to_string_lossy());
    super::codes::load(folder.path(), &shown, &mut faults);
    faults.iter().map(|d| d.render()).collect()
}

#[test]
fn messages_about_code_lists() {
    assert_eq!(faults_of_codes("region.csv", "code", "code"), "");
    let cases = [
        ("region.csv", "110000,000000,", "110000,00000,"),
        ("region.csv", "120000,000000,天津市", "110000,000000,天津市"),
        ("region.csv", "海南省,Hainan,1988,", "海南省,Hainan,1988年,"),
        ("region.csv", "name_zh", "name"),
        ("region.csv", "海南省,Hainan,1988,", "海南省,Hainan"),
        ("aliases.csv", "北京,110000,short name", "北京,11000,"),
        ("aliases.csv", "天津,120000", "北京,120000"),
        ("unit.csv", "person,10000", "person,一万"),
        ("indicator.csv", "person,stock", "10k_person,level"),
        ("colour.csv", "", "code\n"),
        ("lists.csv", "2011-11-01,2017-09-30", "2011-11-01,2017-12-31"),
        ("lists.csv", "industry,2011,", "industry,2017,"),
        ("industry-2002.csv", "H-2002", "H"),
        ("industry-1994.csv", "", "code\n"),
        (
            "concordance/scheme.csv",
            "pension-rural-new,2014,pension-resident,1,",
            "pension-rural-new,2014,pension-resident,0.9,",
        ),
        (
            "concordance/scheme.csv",
            "pension-rural-new,2014,pension-resident,1,",
            "pension-rural-new,2014,pension-resident,90%,",
        ),
        ("concordance/scheme.csv", "scheme,2014,maternity,", "scheme,2013,maternity,"),
        ("concordance/scheme.csv", "maternity,2014,medical-maternity,1", "maternity,2014,maternity,1"),
        ("concordance/region.csv", "530422,2012,530481", "530403,2012,530421"),
        ("concordance/industry.csv", "2002,C-2002,2011,C,,", "2002,C-2002,2011,C,0.5,"),
        ("concordance/industry.csv", "2002,H-2002,2011,F,", "2011,H-2002,2011,F,"),
        ("breaks.csv", ",policy,", ",politics,"),
        ("breaks.csv", "生育保险基金并入本基金", ""),
    ];
    let said: Vec<String> =
        cases.iter().map(|(file, from, to)| format!("{from} → {to}\n\n{}", faults_of_codes(file, from, to))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn every_key_of_a_specification_is_described() {
    fn properties<'a>(schema: &'a serde_json::Value, found: &mut Vec<(&'a String, bool)>) {
        if let Some(keys) = schema.get("properties").and_then(|p| p.as_object()) {
            found.extend(keys.iter().map(|(name, key)| (name, key.get("description").is_some())));
        }
        let parts = schema.as_object().into_iter().flat_map(|o| o.values());
        parts.chain(schema.as_array().into_iter().flatten()).for_each(|part| properties(part, found));
    }
    for (file, schema) in super::json_schemas() {
        let mut found = Vec::new();
        properties(&schema, &mut found);
        let silent: Vec<_> = found.iter().filter(|(_, described)| !described).collect();
        assert!(silent.is_empty() && found.len() > 4, "{file}: {silent:?}");
    }
}

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
        ("title    = \"参保人数\"\n", ""),
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
        ("corner   = \"地区\"\nunit     = \"10k_person\"", "korner = \"地区\"\nunit = \"wan\""),
        ("corner   = \"地区\"\n", ""),
        ("id   = \"2013\"\n", ""),
        ("id   = \"2013\"\n", "year = 13\n"),
        ("\"t/t.csv\"\n", "[]\nsheet = \"{indicator}\"\n"),
        (
            "\"t/t.csv\"\n",
            "\"t/t.csv\"\nrename = { \"{year}\" = \"{year}年末\" }\ngone = [\"区域\"]\nunits = { \"人\" = \"person\" }\n",
        ),
        ("\"t/t.csv\"\n", "\"t/t.csv\"\n[[edition.new_rows]]\nlabel = \"其他\"\nafter = \"{regions}\"\n"),
        ("label = \"{region}\"", "label = \"{region}\"\nafter = \"其他\""),
        ("\"t/t.csv\"\n", "\"t/t.csv\"\nrename = { \"{year}年\" = \"{yaer}年\" }\n"),
        ("\"{region}\"", "[\"{region}\", \"{population}\"]"),
        ("corner   = \"地区\"", "corner = \"地区\"\nlevels = [\"indents\", \"of-which\"]\nbilingual = \"yes\""),
        ("\"{region}\"", "\"{any}\"\nskip = true"),
        ("unit     = \"10k_person\"\n", ""),
    ];
    let said: Vec<String> = cases.iter().map(|(from, to)| format!("{from} → {to}\n\n{}", faults(from, to))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

/// The faults of a specification that is no file.
pub(super) fn faults_of(text: &str) -> Vec<crate::diag::Diagnostic> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = crate::project::Project::open(root, None).unwrap();
    super::load_text(&project, "draft.toml", text.to_owned()).diagnostics
}

const QUESTIONNAIRE: &str = r#"title = "问卷"

[[question]]
code    = "1"
text    = "您参保了吗？"
concept = "medical-insured"
answers = [
    { code = "A", text = "A、是", category = "medical-insured-yes" },
    { code = "none", text = "未选", missing = true },
]

[[question]]
code    = "2"
text    = "参保几年？"
asked   = { question = "1", answers = ["A"] }
unit    = "year"
answers = [{ code = "A", text = "10以下", high = 10 }, { code = "B", text = "11以上", low = 11 }]
"#;

const TALLY: &str = r#"title         = "问卷统计"
anchor        = { text = "问卷及统计数据" }
corner        = ""
header_rows   = 0
levels        = ["numbering", "heading"]
period        = "2013"
questionnaire = "yuxi-2013-urban"

[[columns]]
label     = "人数"
indicator = "answer_person"
unit      = "person"

[[note]]
text      = "第一问"
breakdown = { question = "1" }

[[edition]]
id   = "2013"
file = "t/t.csv"
"#;

/// The messages about a questionnaire and a table that counts its answers, of which one has a text replaced.
fn faults_of_survey(from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("t/questionnaires")).unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("t/source.toml", "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n");
    assert!(QUESTIONNAIRE.contains(from) || TALLY.contains(from), "{from}");
    put("t/questionnaires/yuxi-2013-urban.toml", &QUESTIONNAIRE.replacen(from, to, 1));
    put("t/tally.toml", &TALLY.replacen(from, to, 1));
    let codes = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/codes");
    let root = folder.path().to_owned();
    let shown = move |p: &Path| format!("pipelines/{}", p.strip_prefix(&root).unwrap_or(p).display());
    load_folder(folder.path(), &codes, &shown).diagnostics.iter().map(|d| d.render()).collect()
}

#[test]
fn messages_about_questionnaires() {
    assert_eq!(faults_of_survey("问卷", "问卷"), "");
    let cases = [
        ("code    = \"2\"", "code    = \"1\""),
        ("code = \"B\"", "code = \"A\""),
        ("code = \"B\"", "code = \"B;C\""),
        ("question = \"1\", answers = [\"A\"]", "question = \"1\", answers = [\"B\"]"),
        ("question = \"1\", answers", "question = \"1.1\", answers"),
        ("unit    = \"year\"\n", ""),
        ("\"medical-insured-yes\"", "\"sex-male\""),
        ("\"medical-insured\"", "\"medical-insurance\""),
        ("text = \"A、是\"", "txet = \"A、是\""),
        ("questionnaire = \"yuxi-2013-urban\"", "questionnaire = \"yuxi-2013\""),
        ("{ question = \"1\" }", "{ question = \"3\" }"),
        ("breakdown = { question = \"1\" }\n", ""),
        ("text      = \"第一问\"", "text      = \"第{number}问\""),
        ("anchor        = { text = \"问卷及统计数据\" }\n", ""),
        ("corner        = \"\"", "corner        = \"项目\""),
        ("label     = \"人数\"", "label     = \"{any}\""),
    ];
    let said: Vec<String> =
        cases.iter().map(|(from, to)| format!("{from} → {to}\n\n{}", faults_of_survey(from, to))).collect();
    insta::assert_snapshot!(said.join("\n"));
}
