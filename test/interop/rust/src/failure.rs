//! Every way a command can fail, as the `error` object of an answer line.

use nnrp_core::NnrpError;
use nnrp_runtime::RuntimeError;
use serde_json::{json, Value};

#[derive(Debug)]
pub struct Failure {
    kind: &'static str,
    /// What exactly failed below `kind`: the protocol error or the I/O error, by its name.
    detail: Option<String>,
    message: String,
}

pub type Outcome = Result<Value, Failure>;

impl Failure {
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            detail: None,
            message: message.into(),
        }
    }

    pub fn bad_command(message: impl Into<String>) -> Self {
        Self::new("BadCommand", message)
    }

    pub fn to_json(&self) -> Value {
        let mut error = json!({ "kind": self.kind, "message": self.message });
        if let Some(detail) = &self.detail {
            error["detail"] = json!(detail);
        }
        json!({ "error": error })
    }
}

impl From<RuntimeError> for Failure {
    fn from(error: RuntimeError) -> Self {
        let (kind, detail) = match &error {
            RuntimeError::Io(io) => ("Io", Some(format!("{:?}", io.kind()))),
            RuntimeError::Protocol(protocol) => ("Protocol", Some(variant_name(protocol))),
            RuntimeError::UnsupportedTransport(_) => ("UnsupportedTransport", None),
            RuntimeError::FrameIdOverflow => ("FrameIdOverflow", None),
            RuntimeError::UnexpectedMessage(_) => ("UnexpectedMessage", None),
            RuntimeError::Internal(_) => ("Internal", None),
        };
        Self {
            kind,
            detail,
            message: error.to_string(),
        }
    }
}

impl From<NnrpError> for Failure {
    fn from(error: NnrpError) -> Self {
        RuntimeError::Protocol(error).into()
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        RuntimeError::Io(error).into()
    }
}

/// `NnrpError` has no accessor for its kind; its Debug form starts with it.
fn variant_name(error: &NnrpError) -> String {
    format!("{error:?}")
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}
