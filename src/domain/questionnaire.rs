//! What a survey asked, and what could be answered: the questions of a questionnaire with their response domains and the
//! persons they were put to, after the terms of DDI (question, response domain, universe, concept).

use rust_decimal::Decimal;

use super::code::Code;

/// The questionnaire of one survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Questionnaire {
    /// A code of the list `survey`.
    pub survey: Code,
    pub title: String,
    /// In the order of the questionnaire.
    pub questions: Vec<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub code: String,
    /// The heading it stands below; blank where the questionnaire has none.
    pub section: String,
    /// As printed.
    pub text: String,
    /// The questionnaire says that several answers may be given.
    pub multiple: bool,
    pub asked: Option<Universe>,
    /// The unit of the answers' bounds; blank where they have none.
    pub unit: String,
    /// What is asked, whatever the words: a code of the list `concept`.
    pub concept: Option<Code>,
    /// In the order of print.
    pub answers: Vec<Answer>,
}

/// Of whom a question is asked, or who can give an answer: those who gave one of some answers to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Universe {
    pub question: String,
    pub answers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: String,
    /// As printed.
    pub text: String,
    /// What is counted here is that no answer was given.
    pub missing: bool,
    /// Who alone can give it.
    pub asked: Option<Universe>,
    /// The printed bounds of a range, both included.
    pub low: Option<Decimal>,
    pub high: Option<Decimal>,
    /// What the answer says, whatever the words: a code of the list `concept` below the question's.
    pub category: Option<Code>,
}

impl Questionnaire {
    pub fn question(&self, code: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.code == code)
    }
}

impl Question {
    pub fn answer(&self, code: &str) -> Option<&Answer> {
        self.answers.iter().find(|a| a.code == code)
    }
}
