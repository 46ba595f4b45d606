//! The numbers in Pascal: constants in `bindings/pascal/poslatch.pas`, which is written by hand around them. Not
//! enumerations: one of Pascal cannot hold the number of a newer library.

use super::rendering::NOTICE;
use super::{Constant, Constants};
use crate::Result;
use crate::generated::{Generated, between};
use std::fs;

const UNIT: &str = "bindings/pascal/poslatch.pas";

const BEGIN: &str = "  // BEGIN GENERATED\n";
const END: &str = "  // END GENERATED\n";

pub(super) fn render(constants: &Constants) -> Result<Vec<Generated>> {
    let present = fs::read_to_string(UNIT).map_err(|error| format!("{UNIT}: {error}"))?;
    Ok(vec![Generated::new(UNIT, between(UNIT, &present, BEGIN, &block(constants), END)?)])
}

fn block(constants: &Constants) -> String {
    let mut block = format!("  // {NOTICE}\n");
    for group in &constants.groups {
        block.push_str(&format!("\n  // {}: {}\n\n", group.name, group.about));
        group.constants.iter().for_each(|constant| block.push_str(&declaration(constant)));
    }
    block.push_str("\n  // Defaults, and the version of the ABI.\n\n");
    constants.limits.iter().for_each(|limit| block.push_str(&declaration(limit)));
    block
}

fn declaration(constant: &Constant) -> String {
    let doc: String = constant.doc.iter().map(|line| format!("  // {line}\n")).collect();
    // Pascal knows no upper case; the header's own names are what a search finds.
    format!("{doc}  {} = {};\n", constant.c_name, constant.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_keeps_the_name_of_the_header() {
        let in_doubt = Constant {
            c_name: "POSLATCH_REQUEST_IN_DOUBT".into(),
            name: "IN_DOUBT".into(),
            value: 2,
            doc: vec!["Never repeat".into(), "it.".into()],
        };
        assert_eq!(declaration(&in_doubt), "  // Never repeat\n  // it.\n  POSLATCH_REQUEST_IN_DOUBT = 2;\n");
    }
}
