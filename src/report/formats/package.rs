//! A report as a Frictionless Data Package: every table as CSV and as Parquet with one schema, its units and code lists beside it.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::csv::line;
use super::parquet;
use crate::diag::Diagnostic;
use crate::domain::value::{Mark, Status};
use crate::report::definition::stated::CODED;
use crate::report::rows::names::Names;
use crate::report::table::frame::Frame;
use crate::report::table::point::{Point, points};

/// What a package says of itself.
pub struct About<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub summary: &'a str,
    pub publisher: &'a str,
}

/// A cell of a data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    Text(String),
    Integer(i32),
    Number(Option<Decimal>),
}

impl Field {
    fn text(&self) -> String {
        match self {
            Field::Text(text) => text.clone(),
            Field::Integer(number) => number.to_string(),
            Field::Number(number) => number.map_or_else(String::new, |number| number.to_string()),
        }
    }
}

/// A column of a data file: name, type, what it holds.
pub struct Column {
    pub name: String,
    pub kind: &'static str,
    pub description: String,
}

/// The files of the package, the descriptor first.
///
/// # Errors
/// A number does not fit the data files.
pub fn files(about: &About<'_>, frames: &[&Frame], names: &Names) -> Result<Vec<(String, Vec<u8>)>, Diagnostic> {
    let mut resources: Vec<Value> = Vec::new();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for frame in frames {
        let points = points(frame);
        let columns = columns(&points);
        let rows = rows(frame, &points);
        for point in &points {
            for (list, code) in point.answer.codes.iter().filter(|(list, _)| CODED.contains(&list.as_str())) {
                codes.entry(list.clone()).or_default().insert(code.clone());
            }
            // A figure without a unit, such as a ratio, needs none in the list.
            if !point.answer.unit.is_empty() {
                codes.entry(UNIT.to_owned()).or_default().insert(point.answer.unit.clone());
            }
        }
        let schema = schema(&columns, &codes);
        let (csv, parquet) = (format!("data/{}.csv", frame.id), format!("data/{}.parquet", frame.id));
        resources.push(table_resource(frame, &frame.id, &csv, "csv", "text/csv", &schema));
        let name = format!("{}-parquet", frame.id);
        resources.push(table_resource(frame, &name, &parquet, "parquet", "application/vnd.apache.parquet", &schema));
        files.push((csv, csv_file(&columns, &rows)));
        files.push((parquet, parquet::write(&columns, &rows)?));
    }
    for (list, codes) in &codes {
        let path = format!("codes/{list}.csv");
        files.push((path.clone(), code_list(list, codes, names)));
        resources.push(code_resource(list, &path));
    }
    let descriptor = json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": about.name,
        "title": about.title,
        "description": about.summary,
        "contributors": if about.publisher.is_empty() { json!([]) } else { json!([{ "title": about.publisher, "roles": ["publisher"] }]) },
        "resources": resources,
    });
    let mut text = serde_json::to_string_pretty(&descriptor).unwrap_or_default();
    text.push('\n');
    files.insert(0, ("datapackage.json".to_owned(), text.into_bytes()));
    Ok(files)
}

const UNIT: &str = "unit";

fn columns(points: &[Point<'_>]) -> Vec<Column> {
    let column = |name: &str, kind: &'static str, description: &str| Column {
        name: name.to_owned(),
        kind,
        description: description.to_owned(),
    };
    let mut columns = vec![
        column("row", "integer", "表体中的行，从1起"),
        column("column", "integer", "表体中的列，从1起"),
        column("part", "integer", "同一格中的第几个数"),
        column("row_label", "string", "行标题"),
        column("column_label", "string", "列标题"),
    ];
    let codes = points.first().map(|point| point.answer.codes.as_slice()).unwrap_or_default();
    columns.extend(codes.iter().map(|(name, _)| column(name, "string", "代码；_T 为合计，即不按此分组")));
    columns.extend([
        column("value", "number", "如表中所印，以 unit 为单位，已四舍五入；空为缺数，原因见 mark"),
        column(UNIT, "string", "计量单位"),
        column("decimals", "integer", "小数位数"),
        column("mark", "string", "缺数原因"),
        column("status", "string", "normal 正常，provisional 初步数，revised 修订数，estimated 估计数"),
        column("note", "string", "注释"),
        column("text", "string", "格中所印"),
        column("obs_id", "string", "来源中的数：来源/表/版本/单元格"),
    ]);
    columns
}

fn rows(frame: &Frame, points: &[Point<'_>]) -> Vec<Vec<Field>> {
    let mut rows: Vec<Vec<Field>> = Vec::new();
    let (mut before, mut part) = ((0, 0), 0);
    for point in points {
        part = if before == (point.row, point.column) { part + 1 } else { 1 };
        before = (point.row, point.column);
        let integer = |number: usize| Field::Integer(i32::try_from(number).unwrap_or(i32::MAX));
        let notes: Vec<&str> = point.notes.iter().map(|number| frame.numbered[number - 1].as_str()).collect();
        let mut row = vec![integer(point.row), integer(point.column), integer(part)];
        row.extend([&point.row_label, &point.column_label].map(|text| Field::Text(text.clone())));
        row.extend(point.answer.codes.iter().map(|(_, code)| Field::Text(code.clone())));
        row.extend([
            Field::Number(point.number),
            Field::Text(point.answer.unit.clone()),
            integer(point.decimals as usize),
            Field::Text(point.mark.map_or("", Mark::as_str).to_owned()),
            Field::Text(point.status.as_str().to_owned()),
            Field::Text(notes.join(" | ")),
            Field::Text(point.text.clone()),
            Field::Text(point.answer.obs_id.clone()),
        ]);
        rows.push(row);
    }
    rows
}

fn csv_file(columns: &[Column], rows: &[Vec<Field>]) -> Vec<u8> {
    let mut text = String::new();
    line(&mut text, columns.iter().map(|column| column.name.clone()));
    for row in rows {
        line(&mut text, row.iter().map(Field::text));
    }
    text.into_bytes()
}

/// What the columns are; a column of codes refers to their list, which is there if any figure has such a code.
fn schema(columns: &[Column], codes: &BTreeMap<String, BTreeSet<String>>) -> Value {
    let fields: Vec<Value> = columns
        .iter()
        .map(|column| {
            let mut field = json!({ "name": column.name, "type": column.kind, "description": column.description });
            match column.name.as_str() {
                "mark" => field["constraints"] = json!({ "enum": Mark::ALL.map(Mark::as_str) }),
                "status" => field["constraints"] = json!({ "enum": Status::ALL.map(Status::as_str) }),
                _ => {}
            }
            field
        })
        .collect();
    let coded = columns.iter().filter(|column| codes.contains_key(&column.name));
    let keys: Vec<Value> = coded
        .map(|column| {
            json!({ "fields": [column.name], "reference": { "resource": code_resource_name(&column.name), "fields": ["code"] } })
        })
        .collect();
    json!({ "fields": fields, "missingValues": [""], "primaryKey": ["row", "column", "part"], "foreignKeys": keys })
}

fn table_resource(frame: &Frame, name: &str, path: &str, format: &str, media: &str, schema: &Value) -> Value {
    let about: Vec<&str> =
        [frame.unit_note.as_str(), &frame.source].into_iter().filter(|text| !text.is_empty()).collect();
    let mut resource = json!({
        "name": name,
        "type": "table",
        "title": frame.full_title(),
        "description": about.join("；"),
        "path": path,
        "format": format,
        "mediatype": media,
        "schema": schema,
    });
    if format == "csv" {
        resource["encoding"] = json!("utf-8");
    }
    resource
}

fn code_resource_name(list: &str) -> String {
    format!("codes-{}", list.replace('_', "-"))
}

fn code_list(list: &str, codes: &BTreeSet<String>, names: &Names) -> Vec<u8> {
    let mut text = String::new();
    let heads =
        if list == UNIT { ["code", "name_zh", "base", "factor"] } else { ["code", "name_zh", "name_en", "list"] };
    line(&mut text, heads.into_iter().map(str::to_owned));
    for code in codes {
        let fields = match (list == UNIT, names.unit(code)) {
            (true, Some(unit)) => {
                [code.clone(), unit.name_zh.clone(), unit.base.clone(), unit.factor.normalize().to_string()]
            }
            (true, None) => [code.clone(), String::new(), String::new(), String::new()],
            _ => {
                [code.clone(), names.code(list, code).to_owned(), names.english(list, code).to_owned(), list.to_owned()]
            }
        };
        line(&mut text, fields);
    }
    text.into_bytes()
}

fn code_resource(list: &str, path: &str) -> Value {
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let rest = match list == UNIT {
        true => [field("name_zh", "string"), field("base", "string"), field("factor", "number")],
        false => [field("name_zh", "string"), field("name_en", "string"), field("list", "string")],
    };
    let fields: Vec<Value> = std::iter::once(field("code", "string")).chain(rest).collect();
    json!({
        "name": code_resource_name(list),
        "type": "table",
        "path": path,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": { "fields": fields, "primaryKey": ["code"] },
    })
}
