//! What was met while files were read, in Chinese: findings of a release are printed for readers of Chinese. A code has a
//! sentence of its own; what a message says beyond it comes with the fault, else it is the words that the message quotes.

use crate::diag::Diagnostic;

/// What a code says; blank for one that is no finding.
pub fn rule(code: &str) -> &'static str {
    CODES.binary_search_by_key(&code, |(code, _)| code).map_or("", |nth| CODES[nth].1)
}

/// A fault in a sentence.
pub fn message(fault: &Diagnostic) -> String {
    if let Some(zh) = &fault.zh {
        return zh.clone();
    }
    let rule = rule(fault.code);
    let rule = if rule.is_empty() { fault.code } else { rule };
    let mut words: Vec<&str> = fault.message.split('"').skip(1).step_by(2).filter(|word| !word.is_empty()).collect();
    // The same word may be quoted twice.
    let mut seen = std::collections::BTreeSet::new();
    words.retain(|word| seen.insert(*word));
    match words.is_empty() {
        true => rule.to_owned(),
        false => format!("{rule}：“{}”", words.join("”、“")),
    }
}

/// By code, in the order of the codes.
#[rustfmt::skip]
const CODES: &[(&str, &str)] = &[
    ("anchor-ambiguous", "有两处以上文字与表的定位文字相符"),
    ("anchor-missing", "未找到表的定位文字"),
    ("archive-content", "压缩包中应只有一个文件"),
    ("blank", "单元格空白"),
    ("blank-cell", "单元格空白，且未声明空白的含义"),
    ("cell-count", "一行的单元格数与表头不符"),
    ("clock", "计算机时钟与资料所属时期不符"),
    ("code-not-in-force", "数字所属时期该代码不在有效期内"),
    ("code-version", "代码不属于表所采用的代码表版本"),
    ("columns-count", "列数与声明不符"),
    ("correction-number", "更正中的数字无法读作数字"),
    ("correction-stale", "更正所依据的原数与原刊不符"),
    ("correction-unread", "更正所指的单元格未被读入"),
    ("cut-off", "末行残缺，文件可能不完整"),
    ("cut-text", "文字达到字段长度，可能被截断"),
    ("damaged-file", "文件已损坏"),
    ("database", "与数据库的连接中断"),
    ("database-absent", "数据库没有应答"),
    ("database-address", "数据库地址有误"),
    ("database-changed", "读取期间数据库中的记录有变动"),
    ("database-login", "数据库拒绝登录"),
    ("database-query", "数据库无法执行查询"),
    ("deleted-records", "已标记删除的记录未予读入"),
    ("delivery-missing", "应报资料未到齐"),
    ("delivery-refused", "应报资料已到而未采用"),
    ("delivery-twice", "多个文件同属一份应报资料"),
    ("empty-file", "文件为空"),
    ("encoding-doubtful", "文件实际编码可能不是所声明的编码"),
    ("figure-ambiguous", "有两处以上文字与所声明的数字相符"),
    ("figure-missing", "未找到所声明的标题数字或注中数字"),
    ("file-empty", "文件只有标题行，没有记录"),
    ("file-name", "文件名中的内容无法识别"),
    ("file-refused", "文件中不能采用的记录超过允许的比例，整个文件未予采用"),
    ("format-changes-number", "单元格的显示格式改变了所存的数"),
    ("format-mismatch", "文件格式与扩展名不符"),
    ("formula-without-value", "公式单元格没有存储计算结果"),
    ("header-blank", "单元格所在列没有表头"),
    ("header-missing", "未找到表头"),
    ("header-twice", "同一表头出现两次"),
    ("header-unknown", "表头未声明"),
    ("heading-alone", "小标题之下没有行"),
    ("heading-declared", "没有数字、形似小标题的行被声明为数据行"),
    ("hidden-columns", "隐藏列已照常读入"),
    ("hidden-rows", "隐藏行已照常读入"),
    ("hidden-sheet", "隐藏工作表已照常读入"),
    ("key-twice", "同一关键字的记录内容不同"),
    ("label-blank", "单元格所在行没有标目"),
    ("label-missing", "未找到所声明的标目"),
    ("label-moved", "标目的位置与声明不符"),
    ("label-twice", "两个标目含义相同"),
    ("label-undeclared", "标目未声明"),
    ("level-unclear", "行标目的层次不明"),
    ("meaning-clash", "行、列或标题所说的含义互相矛盾"),
    ("meaning-missing", "数字的含义不全"),
    ("memo-file-missing", "备注文件缺失"),
    ("memo-missing", "备注文字缺失"),
    ("merged-from-outside", "单元格与表外的单元格合并"),
    ("merged-missing", "未找到所声明的合并单元格"),
    ("merged-undeclared", "合并单元格未声明"),
    ("misprinted-label", "标目误刊，按正确名称读取"),
    ("missing-file", "应读取的文件不在输入文件夹中"),
    ("moving-file", "文件仍在写入，暂未读取"),
    ("no-sheet", "文件中没有可见的工作表"),
    ("no-table", "网页中没有含文字的表格"),
    ("not-a-date", "不是日期"),
    ("not-a-month", "不是年月"),
    ("not-a-number", "不是数字"),
    ("not-exact", "金额不是整分"),
    ("not-in-force", "记录所属月份该代码不在有效期内"),
    ("not-text", "文件不是文本"),
    ("not-whole", "不是整数"),
    ("note-missing", "注号没有对应的注"),
    ("note-twice", "同一注号有两条不同的注"),
    ("note-unbound", "注没有对应的注号"),
    ("number-range", "数字超出可存储的范围"),
    ("object-field", "图片等对象字段未予读入"),
    ("open-quote", "引号未闭合"),
    ("outside-level", "地区或类别不在所声明的上级之下"),
    ("panel-between", "续表之间有未声明的文字"),
    ("panel-missing", "未找到所声明的续表"),
    ("panel-undeclared", "有续表而未声明"),
    ("password-protected", "文件有密码保护"),
    ("period-left", "左侧没有可沿用的时期"),
    ("person-number", "个人编号格式有误"),
    ("prefer-missing", "没有与优先声明相符的数字"),
    ("quotation", "引号使用有误"),
    ("reader-failed", "程序读取该文件时出错"),
    ("record-blank", "应填写的出处单元格空白"),
    ("record-too-long", "记录过长"),
    ("record-twice", "同一记录出现两次"),
    ("records-set-aside", "部分记录不能采用，已另列"),
    ("sheet-missing", "未找到所声明的工作表"),
    ("sheet-undeclared", "工作表未声明"),
    ("split-missing", "未找到一格多数的文字"),
    ("stated-twice", "不同单元格陈述同一数量"),
    ("status-clash", "数字的状态标记互相矛盾"),
    ("table-empty", "表中没有可读的行或列"),
    ("table-goes-on", "表的结束位置之后似仍有数据"),
    ("table-size", "表的规模超过上限"),
    ("too-large", "规模或数值超过上限"),
    ("too-long", "文字过长"),
    ("total", "合计行不作为记录"),
    ("truncated-file", "文件不完整"),
    ("unclosed-quotation", "引号未闭合，无法分行"),
    ("undecodable", "文字无法按所声明的编码解读"),
    ("undecodable-byte", "字节无法按所声明的编码解读"),
    ("unit-contradicts", "原刊单位与所声明的单位不符"),
    ("unit-line", "表的单位不适用于部分栏目"),
    ("unit-number", "单位编号格式有误"),
    ("unit-of-indicator", "单位与指标不符"),
    ("unknown-code", "代码未列入代码表"),
    ("unknown-encoding", "编码名称无法识别"),
    ("unknown-file-type", "文件类型不在可读取之列"),
    ("unknown-label", "标目未列入代码表"),
    ("unknown-unit", "单位未列入代码表"),
    ("unread-file", "没有读取该文件的规定"),
    ("unreadable-file", "文件无法打开"),
    ("unreadable-folder", "文件夹无法打开"),
    ("wrong-file-type", "文件内容与扩展名不符"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::{CODES, message, rule};
    use crate::diag::Diagnostic;

    #[test]
    fn codes_stand_in_order() {
        assert!(CODES.is_sorted_by_key(|(code, _)| code));
        assert_eq!(rule("unknown-label"), "标目未列入代码表");
        assert_eq!(rule("sql"), "");
    }

    /// Whatever reading may find has a sentence: the codes are looked for where the sources name them.
    #[test]
    fn every_code_of_reading_is_said() {
        const BEFORE: [&str; 10] = [
            "Diagnostic::error(",
            "Diagnostic::warning(",
            "Diagnostic::info(",
            "Diagnostic::warning,",
            "Diagnostic::info,",
            ".fault(",
            "fault_of_file(",
            ".remark(",
            "note(",
            "Wrong::new(",
        ];
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = ["reading", "reminder"].map(|name| root.join(format!("cli/job/{name}.rs"))).to_vec();
        let mut folders = vec![root.join("ingest"), root.join("grid")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() { folders.push(entry) } else { files.push(entry) }
            }
        }
        let mut named = BTreeSet::new();
        for file in files {
            let text = fs::read_to_string(file).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            for after in BEFORE.iter().flat_map(|before| code.split(before).skip(1)) {
                let word = after.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
                named.extend(word.map(|(word, _)| word.to_owned()));
            }
        }
        let silent: Vec<&String> = named.iter().filter(|code| rule(code).is_empty()).collect();
        assert!(named.len() > 80, "only {} codes were found", named.len());
        assert!(silent.is_empty(), "no Chinese for {silent:?}");
    }

    #[test]
    fn a_fault_is_said_with_the_words_that_it_quotes() {
        let check = |code: &'static str, en: &str, zh: &str| assert_eq!(message(&Diagnostic::error(code, en)), zh);
        check(
            "unknown-label",
            "no region code for \"新彊\" (table sample/enrolment, edition 2024)",
            "标目未列入代码表：“新彊”",
        );
        check(
            "label-undeclared",
            "header \"失业保障\" is not declared, expected \"失业保险\" (table sample/enrolment, edition 2024)",
            "标目未声明：“失业保障”、“失业保险”",
        );
        check("empty-file", "the file is empty, a table was expected", "文件为空");
        let own = Diagnostic::warning("missing-file", "…").zh("没有与“{month}.csv”相符的文件");
        assert_eq!(message(&own), "没有与“{month}.csv”相符的文件");
    }
}
