//! How one field of a protocol record looks in JSON: integers and enums are numbers, u64 is a decimal
//! string (a JSON number would lose bits in JavaScript), and a missing field is 0 or the first enum value.

use nnrp_core::{
    BackpressureLevel, CacheAckStatus, CacheInvalidateScope, CacheObjectKind, ErrorScope, FlowScopeKind,
    FlowUpdateReason, InFlightPolicy, InputProfile, PayloadKindBitmap, ResultClass, ResultHintBudgetPolicy,
    ResultHintCongestionState, ResultHintReason, SessionCloseReason, SessionCloseStatus,
    SessionPatchAckStatus, SessionPatchRejectReason, SessionPriorityClass, SessionStatus, SubmitMode,
    TileIndexMode, TransportId,
};
use serde::{de::Error as _, Deserialize, Deserializer};
use serde_json::{json, Value};

pub trait Field: Sized {
    fn read(value: Option<&Value>) -> Result<Self, String>;
    fn show(self) -> Value;
}

macro_rules! integer_fields {
    ($($int:ty),*) => {$(
        impl Field for $int {
            fn read(value: Option<&Value>) -> Result<Self, String> {
                let Some(value) = value else { return Ok(0) };
                value
                    .as_u64()
                    .and_then(|number| <$int>::try_from(number).ok())
                    .ok_or_else(|| format!("{value} is not a {}", stringify!($int)))
            }

            fn show(self) -> Value {
                json!(self)
            }
        }
    )*};
}

integer_fields!(u8, u16, u32);

impl Field for u64 {
    fn read(value: Option<&Value>) -> Result<Self, String> {
        match value {
            None => Ok(0),
            Some(Value::String(text)) => text.parse().map_err(|_| format!("{text:?} is not a u64")),
            Some(other) => Err(format!("{other} is not a u64 as a decimal string")),
        }
    }

    fn show(self) -> Value {
        json!(self.to_string())
    }
}

impl Field for bool {
    fn read(value: Option<&Value>) -> Result<Self, String> {
        let Some(value) = value else { return Ok(false) };
        value.as_bool().ok_or_else(|| format!("{value} is not a boolean"))
    }

    fn show(self) -> Value {
        json!(self)
    }
}

impl Field for PayloadKindBitmap {
    fn read(value: Option<&Value>) -> Result<Self, String> {
        u32::read(value).map(Self)
    }

    fn show(self) -> Value {
        json!(self.0)
    }
}

macro_rules! enum_fields {
    ($($name:ident: $repr:ty, $parse:ident, $first:ident;)*) => {$(
        impl Field for $name {
            fn read(value: Option<&Value>) -> Result<Self, String> {
                if value.is_none() {
                    return Ok(Self::$first);
                }
                Self::$parse(<$repr>::read(value)?).map_err(|error| error.to_string())
            }

            fn show(self) -> Value {
                json!(self as $repr)
            }
        }
    )*};
}

enum_fields! {
    BackpressureLevel: u8, try_from_u8, None;
    CacheAckStatus: u32, try_from_u32, Accepted;
    CacheInvalidateScope: u32, try_from_u32, WholeSession;
    CacheObjectKind: u32, try_from_u32, CameraBlock;
    ErrorScope: u32, try_from_u32, Connection;
    FlowScopeKind: u8, try_from_u8, Connection;
    FlowUpdateReason: u8, try_from_u8, Grant;
    InFlightPolicy: u8, try_from_u8, Drain;
    InputProfile: u8, try_from_u8, Unspecified;
    ResultClass: u8, try_from_u8, Complete;
    ResultHintBudgetPolicy: u32, try_from_u32, None;
    ResultHintCongestionState: u32, try_from_u32, None;
    ResultHintReason: u32, try_from_u32, None;
    SessionCloseReason: u16, try_from_u16, Normal;
    SessionCloseStatus: u8, try_from_u8, Acknowledged;
    SessionPatchAckStatus: u16, try_from_u16, Accepted;
    SessionPatchRejectReason: u16, try_from_u16, None;
    SessionPriorityClass: u8, try_from_u8, Interactive;
    SessionStatus: u8, try_from_u8, Opened;
    SubmitMode: u8, try_from_u8, Inline;
    TileIndexMode: u8, try_from_u8, DenseRange;
    TransportId: u32, try_from_u32, Unspecified;
}

/// A field of the protocol inside the arguments of a command.
pub struct Plain<T>(pub T);

impl<'de, T: Field> Deserialize<'de> for Plain<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        T::read(Some(&value)).map(Self).map_err(D::Error::custom)
    }
}

/// Bytes, as lower-case hex in JSON.
#[derive(Default)]
pub struct Hex(pub Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_hex(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("bytes are not an even number of hex digits"))
    }
}

pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 0x0f)] as char);
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    text.as_bytes()
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => Some((value(high)? << 4 | value(low)?) as u8),
            _ => None,
        })
        .collect()
}
