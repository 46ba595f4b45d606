//! Ten thousand openings and ten thousand exchanges with each runner, and what is left of them in its process. It is
//! measured from outside, so that no language needs a measuring of its own.

use crate::expect::{judge, shown};
use crate::runner::{Runner, Start};
use crate::stage::{Props, Stage};
use crate::words::Line;
use crate::{begin, side_by_side};
use std::fs;
use std::time::Instant;
use toml::{Table, Value};

pub(crate) fn endure(props: &Props, starts: &[Start]) -> Result<(), String> {
    let mut failed = Vec::new();
    for (start, outcome) in starts.iter().zip(side_by_side(starts, |start| endure_one(props, start))) {
        match outcome {
            Ok(lines) => lines.iter().for_each(|line| println!("endure: {}: {line}", start.name)),
            Err(problem) => {
                println!("== {}\n  {problem}\n", start.name);
                failed.push(start.name.as_str());
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("{} did not endure", failed.join(", "))) }
}

fn endure_one(props: &Props, start: &Start) -> Result<Vec<String>, String> {
    let switches = Table::from_iter([("step_pause_ms".to_owned(), Value::from(0))]);
    let stage = Stage::set(props, "wss", None, &switches)?;
    let mut till = Till { runner: begin(start)?, stage };
    till.get_ready()?;
    let mut lines = vec![
        till.measured("openings", TIMES, Till::open_and_close)?,
        till.measured("exchanges", TIMES, Till::exchange)?,
        till.measured("times 8 threads at once", TIMES / THREADS, Till::eight_at_once)?,
    ];
    if let Some(line) = till.abandon()? {
        lines.push(line);
    }
    till.runner.end().map_err(|problem| format!("the end: {problem}"))?;
    Ok(lines)
}

struct Till {
    runner: Runner,
    stage: Stage,
}

impl Till {
    fn ok(&mut self, command: &Line) -> Result<Line, String> {
        let answer = self.runner.tell(command)?;
        judge(&answer, &Value::from("ok"))
            .map_err(|problem| format!("{:.60}: {problem}", command.render()))?;
        Ok(answer)
    }

    fn word(&self, word: &str) -> Result<String, String> {
        self.stage.fill_text(&format!("${{{word}}}"))
    }

    fn get_ready(&mut self) -> Result<(), String> {
        let device = Line::new("device").with("as", "d").with("url", self.word("url")?);
        self.ok(&device.with("root_ca_file", self.word("root_ca")?))?;
        self.ok(&Line::new("from_pem").with("pem", self.word("identity_pem")?).with("as", "i"))?;
        for number in 0..THREADS {
            self.open(&format!("c{number}"))?;
        }
        Ok(())
    }

    fn open(&mut self, name: &str) -> Result<(), String> {
        self.ok(&Line::new("open_mtls").with("device", "d").with("identity", "i").with("as", name)).map(drop)
    }

    fn open_and_close(&mut self) -> Result<(), String> {
        self.open("short")?;
        self.ok(&Line::new("close").with("connection", "short"))?;
        self.ok(&Line::new("release").with("object", "short")).map(drop)
    }

    fn exchange(&mut self) -> Result<(), String> {
        let command = Line::new("exchange").with("connection", "c0").with("json", LOOK_UP);
        self.ok(&command).map(drop)
    }

    /// One exchange on each of the connections, all at the same time.
    fn eight_at_once(&mut self) -> Result<(), String> {
        for number in 0..THREADS {
            let exchange = Line::new(&format!("start thread=t{number} exchange"));
            self.ok(&exchange.with("connection", format!("c{number}")).with("json", LOOK_UP))?;
        }
        for number in 0..THREADS {
            self.ok(&Line::new("join").with("thread", format!("t{number}")))?;
        }
        Ok(())
    }

    /// Lets go of connections without closing them. Nothing if the language has no collector.
    fn abandon(&mut self) -> Result<Option<String>, String> {
        for number in 0..ABANDONED {
            let name = format!("lost{number}");
            self.open(&name)?;
            let answer = self.runner.tell(&Line::new("abandon").with("object", &name))?;
            if answer.verb == "unsupported" {
                self.ok(&Line::new("release").with("object", &name))?;
                return Ok(None);
            }
            judge(&answer, &Value::from("ok"))?;
        }
        // A collector may need a second look, and a conservative one may take a few for reachable.
        for _ in 0..COLLECTIONS {
            self.ok(&Line::new("collect"))?;
        }
        // Those of the threads stay.
        let expected = THREADS + ABANDONED / 10;
        let gone = |events: &[poslatch_simulator::Event]| (open(events) <= expected).then_some(());
        self.stage.device.wait_for(gone, std::time::Duration::from_secs(30)).map_err(|_| {
            format!(
                "{} connections were abandoned, and {} are still open",
                ABANDONED,
                self.open_connections()
            )
        })?;
        Ok(Some(format!("{ABANDONED} abandoned connections were closed by the garbage collector")))
    }

    fn open_connections(&self) -> usize {
        open(&self.stage.device.events())
    }

    /// Does a thing many times, and compares the memory of the second half's end with that of the first half's.
    fn measured(
        &mut self,
        what: &str,
        times: usize,
        work: fn(&mut Till) -> Result<(), String>,
    ) -> Result<String, String> {
        let begun = Instant::now();
        let mut sizes = Vec::new();
        for _ in 0..2 {
            for _ in 0..times / 2 {
                work(self)?;
            }
            sizes.push(self.size()?);
        }
        let [half, whole] = sizes.as_slice() else { return Err("not measured".to_owned()) };
        let line = format!("{times} {what}: {half} -> {whole}, {} s", begun.elapsed().as_secs());
        if whole.process_kib > half.process_kib + PROCESS_ALLOWED_KIB
            || whole.heap_bytes > half.heap_bytes + HEAP_ALLOWED_BYTES
            || whole.threads > half.threads + 2
            || whole.descriptors > half.descriptors + 2
        {
            return Err(format!("has grown over the second half of {line}"));
        }
        Ok(line)
    }

    fn size(&mut self) -> Result<Size, String> {
        let answer = self.runner.tell(&Line::new("collect"))?;
        let heap_bytes = match answer.verb.as_str() {
            "ok" => answer.get("heap").map_or(Ok(0), str::parse).map_err(|_| "heap is no number")?,
            "unsupported" => 0,
            _ => return Err(shown(&answer)),
        };
        let process = format!("/proc/{}", self.runner.pid());
        let status =
            fs::read_to_string(format!("{process}/status")).map_err(|error| format!("{process}: {error}"))?;
        let number = |label: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(label));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).ok_or(format!("no {label}"))
        };
        let descriptors = fs::read_dir(format!("{process}/fd")).map_err(|error| error.to_string())?.count();
        Ok(Size { process_kib: number("VmRSS:")?, threads: number("Threads:")?, heap_bytes, descriptors })
    }
}

/// What a runner's process holds.
struct Size {
    process_kib: u64,
    threads: u64,
    /// What the language itself says that it holds after a collection; 0 where it does not count.
    heap_bytes: u64,
    descriptors: usize,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} KiB", self.process_kib)?;
        if self.heap_bytes > 0 {
            write!(f, " ({} KiB of it heap)", self.heap_bytes / 1024)?;
        }
        Ok(())
    }
}

fn open(events: &[poslatch_simulator::Event]) -> usize {
    use poslatch_simulator::Event::{Connected, Disconnected};
    let count = |is: fn(&&poslatch_simulator::Event) -> bool| events.iter().filter(is).count();
    let connected = count(|event| matches!(event, Connected { .. }));
    connected.saturating_sub(count(|event| matches!(event, Disconnected { .. })))
}

const TIMES: usize = 10_000;
const THREADS: usize = 8;
const ABANDONED: usize = 50;
const COLLECTIONS: usize = 3;

/// Over 5,000 times it is less than a kilobyte each: a connection, a buffer or an exception that stays would show.
const PROCESS_ALLOWED_KIB: u64 = 4 * 1024;
/// As above; caches of a runtime that still warm up are below.
const HEAP_ALLOWED_BYTES: u64 = 512 * 1024;

/// Answered at once, and not one at a time like a payment.
const LOOK_UP: &str =
    r#"{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"nobody"}"#;
