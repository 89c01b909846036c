//! `pipelines/<source>/questionnaires/<survey>.toml` as written.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Text;

/// What a survey asked; the file's name is its code in `codes/survey.csv`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Questionnaire {
    /// The questionnaire's title.
    #[schemars(with = "String")]
    pub title: Text,
    /// The questions, in their order.
    pub question: Vec<Question>,
}

/// A question and what could be answered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Question {
    /// Its number, such as `2.1`; it stands in breakdowns as `question=2.1`.
    #[schemars(with = "String")]
    pub code: Text,
    /// The heading it stands below, without its number.
    #[schemars(with = "Option<String>")]
    pub section: Option<Text>,
    /// As printed, without its number.
    #[schemars(with = "String")]
    pub text: Text,
    /// How many answers may be given, as the questionnaire says; one where it says nothing.
    #[serde(default)]
    pub choice: Choice,
    /// Of whom it is asked, where not of all.
    pub asked: Option<Asked>,
    /// The unit of the answers' bounds: a code of `codes/unit.csv`.
    #[schemars(with = "Option<String>")]
    pub unit: Option<Text>,
    /// What is asked, whatever the words: a code of `codes/concept.csv`. Questions of one concept are compared.
    #[schemars(with = "Option<String>")]
    pub concept: Option<Text>,
    /// In the order of print.
    pub answers: Vec<Answer>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// One answer.
    #[default]
    Single,
    /// Any number of them.
    Multiple,
}

/// Those who gave one of some answers to another question.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Asked {
    /// The other question's code.
    #[schemars(with = "String")]
    pub question: Text,
    /// Codes of its answers.
    #[schemars(with = "Vec<String>")]
    pub answers: Vec<Text>,
}

/// One of the answers that are counted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Answer {
    /// It stands in breakdowns as `option=A`.
    #[schemars(with = "String")]
    pub code: Text,
    /// As printed.
    #[schemars(with = "String")]
    pub text: Text,
    /// Counts those who gave no answer (未选, 未填).
    #[serde(default)]
    pub missing: bool,
    /// Who alone can give it, where not all whom the question is asked.
    pub asked: Option<Asked>,
    /// The least number that the answer stands for, as printed.
    #[schemars(with = "Option<i64>")]
    pub low: Option<Spanned<i64>>,
    /// The largest one, itself included; left out where there is none.
    #[schemars(with = "Option<i64>")]
    pub high: Option<Spanned<i64>>,
    /// What the answer says, whatever the words: a code of `codes/concept.csv` below the question's concept.
    #[schemars(with = "Option<String>")]
    pub category: Option<Text>,
}
