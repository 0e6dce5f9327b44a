//! The safety code, which two people compare by reading it aloud.

use js_sys::{Array, ArrayBuffer, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;

/// Iterations of PBKDF2: too slow for a man in the middle to find a pair of certificates with the same
/// code while a call starts.
const ROUNDS: u32 = 200_000;
const SALT: &[u8] = b"salon verification code";

/// Derives 64 bits from a text (PBKDF2, RFC 8018). Browsers allow it only on pages from https or
/// localhost.
pub async fn safety_code(text: &str) -> Option<[u8; 8]> {
    let subtle = web_sys::window()?.crypto().ok()?.subtle();
    if subtle.is_undefined() {
        return None;
    }
    let secret: Object = Uint8Array::from(text.as_bytes()).into();
    let usages = Array::of1(&"deriveBits".into());
    let key = subtle.import_key_with_str("raw", &secret, "PBKDF2", false, &usages).ok()?;
    let key: CryptoKey = JsFuture::from(key).await.ok()?.unchecked_into();
    let text = format!(r#"{{"name":"PBKDF2","hash":"SHA-256","iterations":{ROUNDS}}}"#);
    let how: Object = JSON::parse(&text).ok()?.unchecked_into();
    Reflect::set(&how, &JsValue::from("salt"), &Uint8Array::from(SALT)).ok()?;
    let bits = subtle.derive_bits_with_object(&how, &key, 64).ok()?;
    let bits: ArrayBuffer = JsFuture::from(bits).await.ok()?.unchecked_into();
    Uint8Array::new(&bits).to_vec().try_into().ok()
}
