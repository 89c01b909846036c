//! An expression with its numbers on one line: `62,132 / 131,640 × 100`.

use crate::warehouse::Scalar;
use crate::warehouse::provenance::{Part, Tree};

/// Decimals of a number in a formula; more are shown as `…`.
const DECIMALS_MAX: u32 = 4;

/// Terms of a sum that are written out.
const TERMS_MAX: usize = 12;

/// How tightly an operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Loose,
    Sum,
    Product,
    Tight,
}

/// A value as it is read: thousands apart, a long tail of decimals cut.
pub fn number(value: &Scalar) -> String {
    match value {
        Scalar::Null => "missing".to_owned(),
        Scalar::Number(number) => {
            let number = number.normalize();
            let cut = number.trunc_with_scale(DECIMALS_MAX).normalize();
            let tail = if cut == number { "" } else { "…" };
            format!("{}{tail}", grouped(&cut.to_string()))
        }
        Scalar::Integer(integer) => grouped(&integer.to_string()),
        Scalar::Text(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

fn grouped(plain: &str) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut out = sign.to_owned();
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    part.map_or(out.clone(), |part| format!("{out}.{part}"))
}

/// What a value was computed from.
pub fn formula(tree: &Tree) -> String {
    written(tree).0
}

fn written(tree: &Tree) -> (String, Binding) {
    match &tree.part {
        Part::Literal | Part::Cell(_) => (number(&tree.value), Binding::Tight),
        Part::Row(_) => ("1".to_owned(), Binding::Tight),
        Part::Cast { arg, .. } => written(arg),
        Part::Choice { name, of, arg, .. } => match name.as_str() {
            "max" => (format!("the greatest of {of}: {}", formula(arg)), Binding::Loose),
            "min" => (format!("the least of {of}: {}", formula(arg)), Binding::Loose),
            _ => written(arg),
        },
        Part::Apply { name, args } => applied(name, args),
    }
}

fn applied(name: &str, args: &[Tree]) -> (String, Binding) {
    let join = |sign: &str, binding: Binding| {
        // The right side of a difference or quotient keeps its brackets.
        let parts: Vec<String> = args
            .iter()
            .enumerate()
            .map(|(nth, arg)| within(arg, binding, nth > 0 && matches!(sign, "−" | "/")))
            .collect();
        (parts.join(&format!(" {sign} ")), binding)
    };
    match (name, args) {
        ("+", _) => join("+", Binding::Sum),
        ("-", [_, _]) => join("−", Binding::Sum),
        ("*", _) => join("×", Binding::Product),
        ("/" | "div" | "exact_div", [_, _]) => join("/", Binding::Product),
        ("percent_of", [part, whole]) => {
            let (part, whole) = (within(part, Binding::Product, false), within(whole, Binding::Product, true));
            (format!("{part} / {whole} × 100"), Binding::Product)
        }
        ("change_pct", [now, before]) => {
            let top = format!("({} − {})", within(now, Binding::Sum, false), within(before, Binding::Sum, true));
            (format!("{top} / {} × 100", within(before, Binding::Product, true)), Binding::Product)
        }
        ("sum", [_, ..]) if args.len() <= TERMS_MAX => join("+", Binding::Sum),
        ("sum", [first, .., last]) => {
            (format!("{} + … + {} ({} terms)", formula(first), formula(last), args.len()), Binding::Sum)
        }
        ("greatest", _) => (format!("the greater of {}", list(args, " and ")), Binding::Loose),
        ("least", _) => (format!("the lesser of {}", list(args, " and ")), Binding::Loose),
        ("count", _) => (format!("{} rows counted", args.len()), Binding::Loose),
        ("string_agg", [terms @ .., _]) => (list(terms, " "), Binding::Loose),
        _ => (format!("{name}({})", list(args, ", ")), Binding::Tight),
    }
}

fn list(trees: &[Tree], between: &str) -> String {
    trees.iter().map(formula).collect::<Vec<_>>().join(between)
}

fn within(tree: &Tree, outer: Binding, is_right: bool) -> String {
    let (text, binding) = written(tree);
    if binding < outer || (is_right && binding == outer) { format!("({text})") } else { text }
}

/// Every reason why a branch was taken, from the outside in.
pub fn reasons(tree: &Tree) -> Vec<String> {
    match &tree.part {
        Part::Choice { because, arg, .. } => {
            let mut all = because.clone();
            all.extend(reasons(arg));
            all
        }
        Part::Cast { arg, .. } => reasons(arg),
        Part::Apply { args, .. } => args.iter().flat_map(reasons).collect(),
        Part::Literal | Part::Cell(_) | Part::Row(_) => Vec::new(),
    }
}
