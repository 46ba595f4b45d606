//! What only a terminal shows: that the prompts for secrets do not echo. The command runs under a real one.

#![cfg(unix)]

use poslatch_simulator::Simulator;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than anything takes; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_code_and_the_passphrase_are_asked_for_and_never_echoed() {
    let device = Simulator::builder().start().expect("a device");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("root-ca.pem"), device.root_ca_chain_pem()).expect("written");
    let code = device.setup_code();

    let mut terminal = Terminal::open();
    let mut child = terminal.run(
        Command::new("setsid")
            .args([
                "--ctty",
                "--wait",
                env!("CARGO_BIN_EXE_poslatch"),
                "pair",
                "--pos-id",
                "1001",
                "--encrypt",
            ])
            .current_dir(folder.path())
            .env("POSLATCH_URL", format!("wss://{}/", device.address()))
            .env("TERM", "xterm")
            .env_remove("NO_COLOR"),
    );
    terminal.answer("New passphrase of the identity: ", "correct-horse");
    terminal.answer("The same again: ", "correct-horse");
    terminal.answer("Setup code (on the device: Generate Code): ", &code);
    let status = child.wait().expect("waited for");
    let screen = terminal.rest();

    assert!(status.success(), "{screen}");
    assert!(screen.contains("with 1850000123.cybs.seclib.io"), "{screen}");
    assert!(screen.contains("\u{1b}[1;32mPaired\u{1b}[0m"), "colour, since it is a terminal: {screen:?}");
    assert!(!screen.contains(&code), "the code was echoed");
    assert!(!screen.contains("correct-horse"), "the passphrase was echoed");
    let saved = std::fs::read_to_string(folder.path().join("till.pem")).expect("an identity");
    assert!(saved.contains("ENCRYPTED PRIVATE KEY"));
}

#[test]
fn a_terminal_that_echoes_would_be_noticed() {
    let mut terminal = Terminal::open();
    let mut child = terminal.run(Command::new("setsid").args(["--ctty", "--wait", "head", "-n", "1"]));
    terminal.write("8QW1YS1D\n");
    child.wait().expect("waited for");
    assert!(terminal.rest().contains("8QW1YS1D"));
}

/// A terminal with somebody at its keyboard.
struct Terminal {
    keyboard: File,
    name: std::path::PathBuf,
    shown: Receiver<Vec<u8>>,
    screen: Vec<u8>,
}

impl Terminal {
    fn open() -> Terminal {
        let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().expect("a second handle");
        let (sender, shown) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 1024];
            // It ends with an error, once nobody has the terminal open any more.
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal { keyboard, name: name.to_str().expect("ASCII").into(), shown, screen: Vec::new() }
    }

    fn run(&self, command: &mut Command) -> Child {
        let side = || OpenOptions::new().read(true).write(true).open(&self.name).expect("the other side");
        command.stdin(side()).stdout(side()).stderr(side()).spawn().expect("it starts")
    }

    /// Waits for the prompt, and until the echo is off as it would be for fingers; then types.
    fn answer(&mut self, prompt: &str, words: &str) {
        let begun = Instant::now();
        while !String::from_utf8_lossy(&self.screen).contains(prompt) {
            match self.shown.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.extend(bytes),
                Err(_) => panic!("no prompt \"{prompt}\" in\n{}", String::from_utf8_lossy(&self.screen)),
            }
        }
        // There is no event for it.
        while tcgetattr(&self.keyboard).expect("modes").local_modes.contains(LocalModes::ECHO) {
            assert!(begun.elapsed() < PATIENCE, "the echo stays on at \"{prompt}\"");
            thread::sleep(Duration::from_millis(5));
        }
        self.write(&format!("{words}\n"));
    }

    fn write(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("typed");
    }

    /// Everything that was shown, once nobody shows anything any more.
    fn rest(mut self) -> String {
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(500)) {
            self.screen.extend(bytes);
        }
        String::from_utf8_lossy(&self.screen).into_owned()
    }
}
