//! A code that people can read to each other.

use js_sys::{Array, ArrayBuffer, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;

/// Slow enough that an attacker in the middle cannot search for two certificates with the same code
/// while the call begins.
const ROUNDS: u32 = 200_000;
const SALT: &[u8] = b"salon verification code";

/// 64 bits that stand for a text (PBKDF2, RFC 8018). Browsers compute it for pages from https or
/// localhost only.
pub async fn short_code(text: &str) -> Option<[u8; 8]> {
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
