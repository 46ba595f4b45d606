//! The numbers in C++: scoped enumerations in `include/poslatch.hpp`, which is written by hand around them.

use super::rendering::NOTICE;
use super::{Constant, Constants, Group};
use crate::Result;
use crate::generated::{Generated, between};
use std::fs;

const HEADER: &str = "include/poslatch.hpp";

const BEGIN: &str = "// BEGIN GENERATED\n";
const END: &str = "// END GENERATED\n";

pub(super) fn render(constants: &Constants) -> Result<Vec<Generated>> {
    let present = fs::read_to_string(HEADER).map_err(|error| format!("{HEADER}: {error}"))?;
    Ok(vec![Generated::new(HEADER, between(HEADER, &present, BEGIN, &block(constants), END)?)])
}

fn block(constants: &Constants) -> String {
    let mut block = format!("// {NOTICE}\n");
    for group in &constants.groups {
        block.push_str(&enumeration(group));
    }
    block.push_str("\n/// Defaults, and the version of the ABI.\nnamespace limits {\n");
    for limit in &constants.limits {
        let value = format!("constexpr std::uint32_t {} = {};\n", limit.snake_case(), limit.value);
        block.push_str(&format!("\n{}{value}", documentation(limit, "")));
    }
    block.push_str("\n} // namespace limits\n\n");
    block
}

/// With a fixed width, so that any number of a newer library fits in.
fn enumeration(group: &Group) -> String {
    let mut text =
        format!("\n/// {}\nenum class {} : std::int32_t {{\n", group.about, snake_case(group.name));
    for constant in &group.constants {
        text.push_str(&documentation(constant, "    "));
        text.push_str(&format!("    {} = {},\n", constant.snake_case(), constant.value));
    }
    text.push_str("};\n");
    text
}

fn documentation(constant: &Constant, indent: &str) -> String {
    constant.doc.iter().map(|line| format!("{indent}/// {line}\n")).collect()
}

/// `request_state`, from `RequestState`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_becomes_a_scoped_enumeration() {
        let in_doubt = Constant {
            c_name: "POSLATCH_REQUEST_IN_DOUBT".into(),
            name: "IN_DOUBT".into(),
            value: 2,
            doc: vec!["Never repeat".into(), "it.".into()],
        };
        let group = Group { name: "RequestState", about: "What is known.", constants: vec![in_doubt] };
        let expected = "\n/// What is known.\nenum class request_state : std::int32_t {\n    /// Never repeat\n    \
                        /// it.\n    in_doubt = 2,\n};\n";
        assert_eq!(enumeration(&group), expected);
    }
}
