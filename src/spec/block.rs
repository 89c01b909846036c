//! The `[[edition]]` block by which a specification takes a layout that moved: written from the edition that was held
//! against the file, and what differs from it.

use toml::{Table, Value};

use super::revise::JOINT;
use crate::domain::label::normalise;

/// What a file has otherwise than the edition it was held against. Labels are named as the table declares them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub sheet: Option<String>,
    /// The text, and the cells to look in.
    pub anchor: Option<(String, Option<String>)>,
    pub corner: Option<Vec<String>>,
    pub header_rows: Option<u32>,
    /// Further beginnings of the line after the body.
    pub until: Vec<String>,
    /// Labels stand in another order.
    pub reordered: bool,
    /// The unit of all that state none.
    pub unit: Option<String>,
    pub renamed: Vec<(Declared, String)>,
    pub gone: Vec<Declared>,
    pub units: Vec<(Declared, String)>,
    pub new_rows: Vec<NewEntry>,
    pub new_columns: Vec<NewEntry>,
}

/// A declared label, its parts joined; one that the edition itself added stands in the block and not in the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declared {
    pub label: String,
    pub new: bool,
}

/// An entry that the file needs besides the declared ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    pub label: Vec<String>,
    /// The label it stands after; blank before all.
    pub after: String,
    /// The declared entry whose other keys it has.
    pub like: Option<Declared>,
    /// Keys of its own.
    pub keys: Vec<(String, String)>,
}

/// Name and file of the new edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub year: Option<i16>,
    /// `None`: the files of the old edition.
    pub file: Option<String>,
    /// Where the table states a period for all its numbers and this edition has another.
    pub period: Option<String>,
    /// Stands in the place of the old edition.
    pub replaces: bool,
}

/// A specification with an edition for a file whose layout moved.
#[derive(Clone, Debug)]
pub struct Block {
    /// The block, to be pasted.
    pub text: String,
    /// The whole specification with it.
    pub applied: String,
}

/// Whether the table or the edition states the period of all its numbers.
pub fn states_period(spec: &str, edition: &str) -> bool {
    let Ok(table) = toml::from_str::<Table>(spec) else { return false };
    let editions = table.get("edition").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
    let of_edition = editions.into_iter().any(|e| id_of(e).as_deref() == Some(edition) && e.contains_key("period"));
    of_edition || table.contains_key("period")
}

/// Write the block; `None` where the text is no specification or has no such edition.
pub fn write(spec: &str, edition: &str, named: &Named, changes: &Changes) -> Option<Block> {
    let mut table: Table = toml::from_str(spec).ok()?;
    let editions = table.get("edition")?.as_array()?;
    let nth = editions.iter().position(|e| e.as_table().and_then(id_of).as_deref() == Some(edition))?;
    let old = editions[nth].as_table()?.clone();
    let new = edited(&table, &old, named, changes);
    let mut text = String::new();
    print(&Table::from_iter([("edition".to_owned(), Value::Array(vec![Value::Table(new.clone())]))]), "", &mut text);
    let editions = table.get_mut("edition")?.as_array_mut()?;
    match named.replaces {
        true => editions[nth] = Value::Table(new),
        false => editions.push(Value::Table(new)),
    }
    let mut applied = String::new();
    print(&table, "", &mut applied);
    Some(Block { text: text.trim_start().to_owned(), applied })
}

fn id_of(edition: &Table) -> Option<String> {
    let year = || edition.get("year").and_then(Value::as_integer).map(|year| year.to_string());
    edition.get("id").and_then(Value::as_str).map(str::to_owned).or_else(year)
}

/// The old edition's keys with the changes made.
fn edited(table: &Table, old: &Table, named: &Named, changes: &Changes) -> Table {
    let mut new = Table::new();
    match named.year {
        Some(year) if year.to_string() == named.id => put(&mut new, "year", i64::from(year)),
        Some(year) => {
            put(&mut new, "id", named.id.as_str());
            put(&mut new, "year", i64::from(year));
        }
        None => put(&mut new, "id", named.id.as_str()),
    }
    match &named.file {
        Some(file) => put(&mut new, "file", file.as_str()),
        None => drop(old.get("file").map(|file| new.insert("file".to_owned(), file.clone()))),
    }
    for (key, value) in old.iter().filter(|(key, _)| !["id", "year", "file"].contains(&key.as_str())) {
        new.insert(key.clone(), value.clone());
    }
    if let Some(period) = &named.period {
        put(&mut new, "period", period.as_str());
    }
    place(table, &mut new, changes);
    labels(table, &mut new, changes);
    new
}

fn put(table: &mut Table, key: &str, value: impl Into<Value>) {
    table.insert(key.to_owned(), value.into());
}

fn place(table: &Table, new: &mut Table, changes: &Changes) {
    if let Some(sheet) = &changes.sheet {
        put(new, "sheet", sheet.as_str());
    }
    if let Some((text, within)) = &changes.anchor {
        let mut anchor = Table::from_iter([("text".to_owned(), Value::from(text.as_str()))]);
        if let Some(within) = within {
            put(&mut anchor, "within", within.as_str());
        }
        put(new, "anchor", anchor);
    }
    if let Some(corner) = &changes.corner {
        put(new, "corner", texts(corner));
    }
    if let Some(rows) = changes.header_rows {
        put(new, "header_rows", i64::from(rows));
    }
    if !changes.until.is_empty() {
        let mut until: Vec<Value> =
            new.get("until").or(table.get("until")).and_then(Value::as_array).cloned().unwrap_or_default();
        until.extend(changes.until.iter().map(|t| Value::from(t.as_str())));
        put(new, "until", until);
    }
    if changes.reordered {
        put(new, "order", "any");
    }
    if let Some(unit) = &changes.unit {
        put(new, "unit", unit.as_str());
        new.remove("unit_label");
    }
}

/// One text, or a list of several.
fn texts(texts: &[String]) -> Value {
    match texts {
        [one] => Value::from(one.as_str()),
        many => Value::Array(many.iter().map(|t| Value::from(t.as_str())).collect()),
    }
}

fn labels(table: &Table, new: &mut Table, changes: &Changes) {
    // Entries that the old edition added are changed where they stand, those of the table by the keys for it.
    let before = new.clone();
    for (declared, printed) in &changes.renamed {
        match declared.new {
            true => of_edition(new, declared, |entry| {
                let parts: Vec<String> = printed.split(JOINT).map(str::to_owned).collect();
                put(entry, "label", texts(&parts));
            }),
            false => put(inline(new, "rename"), &declared.label, printed.as_str()),
        }
    }
    for (declared, unit) in &changes.units {
        match declared.new {
            true => of_edition(new, declared, |entry| {
                put(entry, "unit", unit.as_str());
                entry.remove("unit_label");
            }),
            false => put(inline(new, "units"), &declared.label, unit.as_str()),
        }
    }
    for declared in &changes.gone {
        if declared.new {
            for list in ["new_rows", "new_columns"] {
                if let Some(entries) = new.get_mut(list).and_then(Value::as_array_mut) {
                    entries.retain(|e| !e.as_table().is_some_and(|e| is(e, &declared.label)));
                }
            }
            continue;
        }
        for key in ["rename", "units"] {
            if let Some(named) = new.get_mut(key).and_then(Value::as_table_mut) {
                named.retain(|label, _| normalise(label) != normalise(&declared.label));
            }
        }
        let gone = new.entry("gone").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(gone) = gone.as_array_mut() {
            gone.push(Value::from(declared.label.as_str()));
        }
    }
    for (key, entries) in [("new_rows", &changes.new_rows), ("new_columns", &changes.new_columns)] {
        let made = entries.iter().map(|entry| Value::Table(made(table, &before, key, entry)));
        let list = new.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        if let Some(list) = list.as_array_mut() {
            list.extend(made);
        }
    }
    new.retain(|_, value| match value {
        Value::Array(list) => !list.is_empty(),
        Value::Table(table) => !table.is_empty(),
        _ => true,
    });
}

fn inline<'a>(new: &'a mut Table, key: &str) -> &'a mut Table {
    let value = new.entry(key).or_insert_with(|| Value::Table(Table::new()));
    if !value.is_table() {
        *value = Value::Table(Table::new());
    }
    value.as_table_mut().expect("it has just been made one")
}

fn is(entry: &Table, label: &str) -> bool {
    let own = match entry.get("label") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(JOINT),
        _ => return false,
    };
    normalise(&own) == normalise(label)
}

fn of_edition(new: &mut Table, declared: &Declared, change: impl Fn(&mut Table)) {
    for list in ["new_rows", "new_columns"] {
        let entries = new.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        entries.filter_map(Value::as_table_mut).filter(|e| is(e, &declared.label)).for_each(&change);
    }
}

/// A new entry: the keys of the one it is like, then its own.
fn made(table: &Table, edition: &Table, key: &str, entry: &NewEntry) -> Table {
    let mut made = Table::from_iter([("label".to_owned(), texts(&entry.label))]);
    put(&mut made, "after", entry.after.as_str());
    let declared = if key == "new_rows" { "rows" } else { "columns" };
    let lists = [edition.get(key), edition.get(declared), table.get(declared)];
    let like = entry.like.as_ref().and_then(|like| {
        let entries = lists.into_iter().flatten().filter_map(Value::as_array).flatten().filter_map(Value::as_table);
        entries.into_iter().find(|e| is(e, &like.label))
    });
    for (key, value) in like.into_iter().flatten().filter(|(key, _)| !["label", "after"].contains(&key.as_str())) {
        made.insert(key.clone(), value.clone());
    }
    for (key, value) in &entry.keys {
        match value.as_str() {
            "true" => put(&mut made, key, true),
            value => put(&mut made, key, value),
        }
    }
    made
}

/// Print a table: values first, then the tables of every list of tables under a header of their own.
fn print(table: &Table, prefix: &str, out: &mut String) {
    let is_list = |value: &Value| value.as_array().is_some_and(|a| !a.is_empty() && a.iter().all(Value::is_table));
    let width = table.iter().filter(|(_, v)| !is_list(v)).map(|(k, _)| k.len()).max().unwrap_or(0);
    for (name, value) in table.iter().filter(|(_, value)| !is_list(value)) {
        out.push_str(&format!("{:<width$} = {}\n", key(name), shown(value)));
    }
    for (name, value) in table.iter().filter(|(_, value)| is_list(value)) {
        let prefix = if prefix.is_empty() { key(name) } else { format!("{prefix}.{}", key(name)) };
        for entry in value.as_array().into_iter().flatten().filter_map(Value::as_table) {
            out.push_str(&format!("\n[[{prefix}]]\n"));
            print(entry, &prefix, out);
        }
    }
}

fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { name.to_owned() } else { quoted(name) }
}

/// A basic string of TOML escapes what one of JSON does, but for DEL.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7F}', "\\u007F")
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(date) => date.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(k, v)| format!("{} = {}", key(k), shown(v))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
