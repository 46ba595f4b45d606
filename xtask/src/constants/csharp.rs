//! The numbers in C#: one file of enumerations, which may hold any number, so that a newer library's one is no accident.

use super::rendering::{NOTICE, wrapped};
use super::{Constant, Constants, Group};
use crate::Result;
use crate::generated::Generated;

const FILE: &str = "bindings/csharp/src/Constants.cs";

/// What the documentation calls in C, and what it is called in C#.
const NAMES: [(&str, &str); 5] = [
    (
        "Quiet time before a ping, and between pings, when poslatch_device_set_keep_alive was not called",
        "Quiet time before a ping, and between pings, unless <see cref=\"DeviceOptions.PingInterval\"/> is set",
    ),
    (
        "when poslatch_device_set_keep_alive was not called",
        "unless <see cref=\"DeviceOptions.MissedPingsMax\"/> is set",
    ),
    (
        "poslatch_connection_exchange allows when it is given 0",
        "<see cref=\"Connection.Exchange\"/> allows when it is given none",
    ),
    (
        "poslatch_connection_recover asks when it is given 0",
        "<see cref=\"Connection.Recover\"/> asks when it is given none",
    ),
    ("this header", "this assembly"),
];

pub(super) fn render(constants: &Constants) -> Result<Vec<Generated>> {
    let mut types = Vec::new();
    for group in &constants.groups {
        types.push(enumeration(group)?);
    }
    types.push(limits(&constants.limits)?);
    let text = format!("// {NOTICE}\n\nnamespace Poslatch\n{{\n{}}}\n", types.join("\n"));
    Ok(vec![Generated::new(FILE, text)])
}

fn enumeration(group: &Group) -> Result<String> {
    // The settings have a property for each time-out; nobody needs to name one.
    let visibility = if group.name == "Timeout" { "internal" } else { "public" };
    let mut members = Vec::new();
    for constant in &group.constants {
        let (doc, name, value) = (doc(constant)?, constant.pascal_case(), constant.value);
        members.push(format!("{doc}        {name} = {value},\n"));
    }
    let (name, about, members) = (group.name, group.about, members.join("\n"));
    Ok(format!("    /// <summary>{about}</summary>\n    {visibility} enum {name}\n    {{\n{members}    }}\n"))
}

fn limits(limits: &[Constant]) -> Result<String> {
    let mut members = Vec::new();
    for limit in limits {
        let (doc, name, value) = (doc(limit)?, limit.pascal_case(), limit.value);
        members.push(format!("{doc}        public const int {name} = {value};\n"));
    }
    Ok(format!(
        "    /// <summary>Defaults, and the version of the ABI that this assembly is made for.</summary>\n    \
         public static class Limits\n    {{\n{}    }}\n",
        members.join("\n")
    ))
}

/// The documentation as XML, indented like a member.
fn doc(constant: &Constant) -> Result<String> {
    let mut text = constant.doc.join(" ").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    for (c, csharp) in NAMES {
        text = text.replace(c, csharp);
    }
    if text.to_lowercase().contains("poslatch_") {
        let name = &constant.c_name;
        return Err(format!("xtask/src/constants/csharp.rs: name what {name} speaks of in C#: {text}").into());
    }
    let line = format!("        /// <summary>{text}</summary>\n");
    if line.len() <= LINE_MAX {
        return Ok(line);
    }
    let lines: String = wrapped(&text, LINE_MAX - "        /// ".len())
        .iter()
        .map(|line| format!("        /// {line}\n"))
        .collect();
    Ok(format!("        /// <summary>\n{lines}        /// </summary>\n"))
}

/// As wide as the C# that is written by hand.
const LINE_MAX: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(doc: &str) -> Constant {
        Constant {
            c_name: "POSLATCH_A".into(),
            name: "A".into(),
            value: 1,
            doc: doc.lines().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn short_documentation_takes_one_line_and_long_is_wrapped() -> Result<()> {
        assert_eq!(
            doc(&constant("One <b>\n& two."))?,
            "        /// <summary>One &lt;b&gt; &amp; two.</summary>\n"
        );
        let long = doc(&constant(&"word ".repeat(60)))?;
        assert!(long.lines().all(|line| line.len() <= LINE_MAX), "{long}");
        assert_eq!(long.lines().count(), 5, "{long}");
        Ok(())
    }

    #[test]
    fn name_of_c_is_not_left_to_a_reader_of_csharp() {
        assert!(doc(&constant("See poslatch_pair.")).is_err());
    }
}
