//! The answer to one question as one line of JSON: a value, an error, even a panic of the reference.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use apr_format::v2::V2FormatError;
use serde_json::{Map, Value, json};

use crate::Failure;

/// The fields of a positive answer.
pub type Answer = Map<String, Value>;

/// A negative answer about one file.
pub struct Refusal {
    kind: &'static str,
    error: String,
}

impl Refusal {
    /// A file this program could not read or write: no verdict of the reference, so named apart from its `IoError`.
    pub fn io(error: &io::Error) -> Self {
        Self {
            kind: "io",
            error: error.to_string(),
        }
    }
}

impl From<V2FormatError> for Refusal {
    fn from(error: V2FormatError) -> Self {
        Self {
            kind: kind(&error),
            error: error.to_string(),
        }
    }
}

/// The name of the reference's variant.
pub const fn kind(error: &V2FormatError) -> &'static str {
    // Exhaustive on purpose: a variant added upstream has to stop the build, not pass unnamed.
    match error {
        V2FormatError::InvalidMagic(_) => "InvalidMagic",
        V2FormatError::InvalidHeader(_) => "InvalidHeader",
        V2FormatError::InvalidTensorIndex(_) => "InvalidTensorIndex",
        V2FormatError::MetadataError(_) => "MetadataError",
        V2FormatError::ChecksumMismatch => "ChecksumMismatch",
        V2FormatError::AlignmentError(_) => "AlignmentError",
        V2FormatError::IoError(_) => "IoError",
        V2FormatError::CompressionError(_) => "CompressionError",
    }
}

/// Eight hexadecimal digits.
pub fn hex8(value: u32) -> String {
    format!("{value:08x}")
}

thread_local! {
    /// Whether the reference is running, so that a panic is its answer and not our defect.
    static ASKING: Cell<bool> = const { Cell::new(false) };
    /// Where the reference panicked; only the panic hook gets to know it.
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps panics that become answers off stderr and remembers their place; all others print as usual.
pub fn install_panic_hook() {
    let default_hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if ASKING.get() {
            PANIC_PLACE.set(info.location().map(ToString::to_string));
        } else {
            default_hook(info);
        }
    }));
}

fn panic_refusal(payload: &(dyn Any + Send)) -> Refusal {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked without a message");
    let error = match PANIC_PLACE.take() {
        Some(place) => format!("{message} ({place})"),
        None => message.to_owned(),
    };
    Refusal {
        kind: "panic",
        error,
    }
}

/// Asks the reference about `file` and turns whatever happens into one line of JSON.
pub fn ask(file: &Path, question: impl FnOnce() -> Result<Answer, Refusal>) -> Value {
    ASKING.set(true);
    // Unwind safety: the question owns or only reads what it touches, so nothing half-changed outlives a panic.
    let outcome = panic::catch_unwind(AssertUnwindSafe(question));
    ASKING.set(false);
    let answer = outcome.unwrap_or_else(|payload| Err(panic_refusal(&*payload)));
    let mut line = match answer {
        Ok(mut fields) => {
            fields.insert("ok".into(), json!(true));
            fields
        }
        Err(Refusal { kind, error }) => Map::from_iter([
            ("ok".into(), json!(false)),
            ("kind".into(), json!(kind)),
            ("error".into(), json!(error)),
        ]),
    };
    line.insert("file".into(), json!(file.to_string_lossy()));
    Value::Object(line)
}

/// Writes one answer and flushes it: the other side waits for the line.
pub fn tell(mut to: impl Write, answer: &Value) -> Result<(), Failure> {
    writeln!(to, "{answer}")?;
    to.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_reference_is_an_answer() {
        install_panic_hook();
        let answer = ask(Path::new("x.apr"), || panic!("boom {}", 1));
        assert_eq!(answer["ok"], json!(false));
        assert_eq!(answer["kind"], json!("panic"));
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(
            error.starts_with("boom 1 (") && error.contains("answer.rs:"),
            "{error}"
        );
        // The next question starts clean.
        assert_eq!(
            ask(Path::new("y.apr"), || Ok(Map::new())),
            json!({"file": "y.apr", "ok": true})
        );
    }
}
