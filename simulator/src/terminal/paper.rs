//! The layout of a custom print (section 6b): judged, and set as lines of text for the device's screen. A file of its own,
//! because nothing else knows of sections, barcodes and images.

use super::asked::Refusal;
use crate::message::text;
use base64ct::{Base64, Encoding};
use serde_json::Value;

/// What comes out of the printer.
#[derive(Debug)]
pub(crate) struct Paper {
    pub(crate) lines: Vec<String>,
}

impl Paper {
    pub(crate) fn read(body: &Value) -> Result<Self, Refusal> {
        let sections = body.pointer("/printLayout/sections").and_then(Value::as_array);
        let sections = sections.ok_or_else(|| Refusal::invalid("printLayout.sections is not a list"))?;
        if sections.is_empty() {
            return Err(Refusal::invalid("printLayout.sections is empty"));
        }
        let mut lines = Vec::new();
        for (number, section) in sections.iter().enumerate() {
            set(section, &mut lines).map_err(|complaint| {
                Refusal::invalid(format!("printLayout.sections[{number}]: {complaint}"))
            })?;
        }
        Ok(Self { lines })
    }
}

fn set(section: &Value, lines: &mut Vec<String>) -> Result<(), String> {
    match text(section, "sectionType") {
        Some("BARCODE") => lines.push(barcode(section)?),
        Some("IMAGE") => lines.push(image(section)?),
        Some("SPACER") => {
            let count = match section.get("lines") {
                None | Some(Value::Null) => 1,
                Some(count) => count
                    .as_u64()
                    .filter(|count| (1..=SPACER_LINES_MAX).contains(count))
                    .ok_or(format!("lines is not a whole number from 1 to {SPACER_LINES_MAX}"))?,
            };
            lines.extend((0..count).map(|_| String::new()));
        }
        Some("TEXT") => words(section.get("textContent").unwrap_or(&Value::Null), lines)?,
        Some(other) => {
            return Err(format!("sectionType '{other}' is not one of TEXT, SPACER, BARCODE, IMAGE"));
        }
        None => return Err("sectionType is missing".to_owned()),
    }
    Ok(())
}

fn words(content: &Value, lines: &mut Vec<String>) -> Result<(), String> {
    style(content)?;
    match text(content, "textType") {
        Some("LABEL_VALUE") => {
            for pair in content.get("content").and_then(Value::as_array).ok_or("content is not a list")? {
                let label = pair.pointer("/label/labelText").and_then(Value::as_str);
                let value = pair.pointer("/value/valueText").and_then(Value::as_str);
                let label = label.ok_or("label.labelText is missing")?;
                let value = value.ok_or("value.valueText is missing")?;
                for part in ["label", "value"] {
                    style(pair.get(part).unwrap_or(&Value::Null))?;
                }
                let gap = WIDTH.saturating_sub(label.chars().count() + value.chars().count()).max(1);
                lines.push(format!("{label}{:gap$}{value}", ""));
            }
        }
        Some("NO_LINE") => {}
        Some("PARAGRAPH") => {
            let align = text(content, "align").unwrap_or("LEFT");
            for line in content.get("lines").and_then(Value::as_array).ok_or("lines is not a list")? {
                let line = line.as_str().ok_or("a line is not text")?;
                lines.push(match align {
                    "LEFT" => line.to_owned(),
                    "CENTER" => format!("{line:^WIDTH$}").trim_end().to_owned(),
                    "RIGHT" => format!("{line:>WIDTH$}"),
                    other => return Err(format!("align '{other}' is not one of LEFT, CENTER, RIGHT")),
                });
            }
        }
        Some(other) => {
            return Err(format!("textType '{other}' is not one of PARAGRAPH, LABEL_VALUE, NO_LINE"));
        }
        None => return Err("textContent.textType is missing".to_owned()),
    }
    Ok(())
}

fn style(content: &Value) -> Result<(), String> {
    let Some(style) = content.get("textStyle") else { return Ok(()) };
    for (field, known) in [("size", &["SMALL", "MEDIUM", "LARGE"][..]), ("style", &["NORMAL", "EMPHASIZE"])] {
        match text(style, field) {
            Some(value) if !known.contains(&value) => {
                return Err(format!("textStyle.{field} '{value}' is not one of {}", known.join(", ")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn barcode(section: &Value) -> Result<String, String> {
    let content = text(section, "content").filter(|content| !content.is_empty());
    let content = content.ok_or("content is missing")?;
    let kind = text(section, "barcodeType").ok_or("barcodeType is missing")?;
    if !BARCODES.contains(&kind) {
        return Err(format!("barcodeType '{kind}' is not one of {}", BARCODES.join(", ")));
    }
    let is_ean = (12..=13).contains(&content.len()) && content.bytes().all(|byte| byte.is_ascii_digit());
    if kind == "EAN13" && !is_ean {
        return Err("content of an EAN13 is not 12 or 13 digits".to_owned());
    }
    Ok(format!("[{kind} {content}]"))
}

fn image(section: &Value) -> Result<String, String> {
    let data = text(section, "imageData").ok_or("imageData is missing")?;
    let image = Base64::decode_vec(data).map_err(|_| "imageData is not base64")?;
    let (kind, size) = match image.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => {
            let side = |at| {
                let bytes = image.get(at..at + 4)?.try_into().ok()?;
                Some(u32::from_be_bytes(bytes))
            };
            ("PNG", side(16).zip(side(20)))
        }
        [0xff, 0xd8, ..] => ("JPEG", None),
        [b'B', b'M', ..] => {
            let side = |at| {
                let bytes = image.get(at..at + 4)?.try_into().ok()?;
                // Negative for pictures that begin at the top.
                Some(i32::from_le_bytes(bytes).unsigned_abs())
            };
            ("BMP", side(18).zip(side(22)))
        }
        _ => return Err("imageData is neither PNG, JPEG nor BMP".to_owned()),
    };
    match size {
        Some((width, height)) if width > SIDE_MAX || height > SIDE_MAX => {
            Err(format!("image is {width} x {height}, more than {SIDE_MAX} x {SIDE_MAX} pixels"))
        }
        Some((width, height)) => Ok(format!("[{kind} {width} x {height}]")),
        None => Ok(format!("[{kind}]")),
    }
}

/// Section 6b.
const BARCODES: &[&str] = &["CODE39", "CODE128", "EAN13", "EAN128", "PDF417", "QRCODE"];

/// Section 6b: at most 384 x 384 pixels.
const SIDE_MAX: u32 = 384;

/// Characters in a line of the usual paper of 58 mm.
const WIDTH: usize = 32;

/// Ours: a till that asks for more has a bug, and the roll is short.
const SPACER_LINES_MAX: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(sections: Value) -> Result<Vec<String>, Refusal> {
        Paper::read(&json!({ "printLayout": { "sections": sections } })).map(|paper| paper.lines)
    }

    #[test]
    fn sections_become_lines() {
        let sections = json!([
            { "sectionType": "TEXT", "textContent": {
                "textType": "PARAGRAPH", "lines": ["Hello", "till"], "align": "RIGHT",
                "textStyle": { "size": "LARGE", "style": "EMPHASIZE" } } },
            { "sectionType": "SPACER", "lines": 2 },
            { "sectionType": "TEXT", "textContent": { "textType": "LABEL_VALUE", "content": [
                { "label": { "labelText": "Total" }, "value": { "valueText": "1.00" } } ] } },
            { "sectionType": "BARCODE", "content": "123456789012", "barcodeType": "EAN13" },
        ]);
        let expected = [
            format!("{:>32}", "Hello"),
            format!("{:>32}", "till"),
            String::new(),
            String::new(),
            format!("Total{:>27}", "1.00"),
            "[EAN13 123456789012]".to_owned(),
        ];
        assert_eq!(lines(sections), Ok(expected.to_vec()));
    }

    #[test]
    fn wrong_section_is_named_by_its_number() {
        let good = json!({ "sectionType": "SPACER" });
        for (bad, word) in [
            (json!({ "sectionType": "Text" }), "TEXT"),
            (json!({ "sectionType": "TEXT", "textContent": { "textType": "PARAGRAPH" } }), "lines"),
            (json!({ "sectionType": "BARCODE", "content": "12", "barcodeType": "EAN13" }), "EAN13"),
            (json!({ "sectionType": "BARCODE", "content": "12", "barcodeType": "UPC" }), "QRCODE"),
            (json!({ "sectionType": "IMAGE", "imageData": "####" }), "base64"),
            (json!({ "sectionType": "IMAGE", "imageData": "R0lGODlh" }), "PNG"),
        ] {
            let refusal = lines(json!([good, bad])).expect_err("a bad section").reply().to_string();
            assert!(refusal.contains("sections[1]") && refusal.contains(word), "{refusal}");
        }
        assert!(lines(json!([])).is_err());
    }

    #[test]
    fn image_that_is_too_large_is_refused() {
        let png = |side: u32| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            bytes.extend_from_slice(&side.to_be_bytes());
            bytes.extend_from_slice(&side.to_be_bytes());
            json!([{ "sectionType": "IMAGE", "imageData": Base64::encode_string(&bytes) }])
        };
        assert_eq!(lines(png(384)), Ok(vec!["[PNG 384 x 384]".to_owned()]));
        assert!(lines(png(385)).is_err());
    }
}
