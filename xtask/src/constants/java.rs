//! The numbers in Java: a public type is a file there, so each group becomes one, and the limits another.

use super::rendering::{NOTICE, wrapped};
use super::{Constant, Constants, Group};
use crate::Result;
use crate::generated::Generated;

const FOLDER: &str = "bindings/java/src/main/java/poslatch";

/// What the documentation calls in C, and what it is called in Java.
const NAMES: [(&str, &str); 4] = [
    ("poslatch_device_set_keep_alive was not called", "{@link Device.Builder#keepAlive} was not called"),
    ("poslatch_connection_exchange allows when it is given 0", "an exchange allows when it is given none"),
    ("poslatch_connection_recover asks when it is given 0", "{@link Connection#recover(String)} asks"),
    ("this header", "these classes"),
];

/// How a number comes back from the library that no constant stands for, because the library is newer.
enum Unknown {
    /// A constant of its own, which the library never gives.
    Own,
    /// The constant that a till handles with the same care.
    As(&'static str),
    /// None ever comes back: the numbers only go in.
    Never,
}

pub(super) fn render(constants: &Constants) -> Result<Vec<Generated>> {
    let mut files = vec![file("Limits", &limits(&constants.limits)?)];
    for group in &constants.groups {
        files.push(file(group.name, &enumeration(group)?));
    }
    Ok(files)
}

fn file(name: &str, declaration: &str) -> Generated {
    Generated::new(
        format!("{FOLDER}/{name}.java"),
        format!("// {NOTICE}\npackage poslatch;\n\n{declaration}"),
    )
}

fn unknown(group: &Group) -> Result<Unknown> {
    Ok(match group.name {
        "Status" | "Category" => Unknown::Own,
        "RequestState" => Unknown::As("IN_DOUBT"),
        "MessageKind" => Unknown::As("OTHER"),
        "ConnectionState" => Unknown::As("LOST"),
        "RecoveryOutcome" => Unknown::As("UNKNOWN"),
        "LogLevel" => Unknown::As("TRACE"),
        "IdentityCheck" | "Timeout" | "CloudAuth" => Unknown::Never,
        other => {
            return Err(format!("xtask/src/constants/java.rs: what is an unknown {other} in Java?").into());
        }
    })
}

fn enumeration(group: &Group) -> Result<String> {
    let name = group.name;
    let unknown = unknown(group)?;
    // The settings have a method for each time-out; nobody needs to name one.
    let visibility = if name == "Timeout" { "" } else { "public " };
    let mut constants = Vec::new();
    for constant in &group.constants {
        constants.push(format!("{}    {}({})", doc(constant, "    ")?, constant.name, constant.value));
    }
    if matches!(unknown, Unknown::Own) {
        constants.push(
            "    /** A number that these classes do not know: the library is newer than they are. */\n    \
             UNKNOWN(Integer.MIN_VALUE)"
                .to_owned(),
        );
    }
    let of = match unknown {
        Unknown::Never => String::new(),
        Unknown::Own => of(name, "UNKNOWN"),
        Unknown::As(constant) => of(name, constant),
    };
    Ok(format!(
        "/** {about} */\n{visibility}enum {name} {{\n{constants};\n\n    private final int number;\n\n    \
         {name}(int number) {{\n        this.number = number;\n    }}\n\n    \
         /**\n     * The number that C has for it.\n     *\n     * @return the number\n     */\n    \
         {visibility}int number() {{\n        return number;\n    }}\n{of}}}\n",
        about = group.about,
        constants = constants.join(",\n"),
    ))
}

fn of(name: &str, unknown: &str) -> String {
    format!(
        "\n    /** A number that is not among the constants comes from a newer library. */\n    \
         static {name} of(int number) {{\n        for ({name} constant : values()) {{\n            \
         if (constant.number == number) {{\n                return constant;\n            }}\n        }}\n        \
         return {unknown};\n    }}\n"
    )
}

fn limits(limits: &[Constant]) -> Result<String> {
    let mut text =
        "/** What is so unless something else is asked for, and how far things go. */\npublic final class Limits {\n"
            .to_owned();
    for limit in limits {
        text += &doc(limit, "    ")?;
        text += &format!("    public static final int {} = {};\n\n", limit.name, limit.value);
    }
    text += "    private Limits() {\n    }\n}\n";
    Ok(text)
}

/// The documentation as a comment of Java, indented like what it documents.
fn doc(constant: &Constant, indent: &str) -> Result<String> {
    let mut text = constant.doc.join(" ");
    for (c, java) in NAMES {
        text = text.replace(c, java);
    }
    if text.to_lowercase().contains("poslatch_") {
        let name = &constant.c_name;
        return Err(format!("xtask/src/constants/java.rs: name what {name} speaks of in Java: {text}").into());
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let lines = wrapped(&text, LINE_MAX - indent.len() - " * ".len());
    Ok(match lines.as_slice() {
        [line] if line.len() + indent.len() + "/**  */".len() <= LINE_MAX => {
            format!("{indent}/** {line} */\n")
        }
        _ => {
            let body: String = lines.iter().map(|line| format!("{indent} * {line}\n")).collect();
            format!("{indent}/**\n{body}{indent} */\n")
        }
    })
}

/// As wide as the Java that is written by hand.
const LINE_MAX: usize = 110;

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
        assert_eq!(doc(&constant("One <b>\n& two."), "    ")?, "    /** One &lt;b&gt; &amp; two. */\n");
        let long = doc(&constant(&"word ".repeat(60)), "    ")?;
        assert!(long.lines().all(|line| line.len() <= LINE_MAX), "{long}");
        assert_eq!(long.lines().count(), 5, "{long}");
        Ok(())
    }

    #[test]
    fn name_of_c_is_not_left_to_a_reader_of_java() {
        assert!(doc(&constant("See poslatch_pair."), "").is_err());
    }
}
