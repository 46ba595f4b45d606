//! The command line: each command with its options, texts and examples. Help, man pages and completions all come from
//! here.
//!
//! There is no option that takes a secret: what others can read in the list of processes and in the shell's history is
//! none any more. `refusal.rs` says so to whoever tries.

use crate::screen::ColorChoice;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, value_parser};
use clap_complete::Shell;
use std::path::PathBuf;

/// Pair a till with its Visa Acceptance / Cybersource payment device, pay, and find out what is wrong between the two.
#[derive(Parser)]
#[command(
    name = "poslatch",
    version,
    max_term_width = 100,
    disable_help_flag = true,
    disable_help_subcommand = true,
    after_help = EXAMPLES
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print one JSON object on standard output
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,

    /// Use colour: auto (on a terminal, without NO_COLOR), always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true,
          hide_possible_values = true, help_heading = EVERYWHERE)]
    pub(crate) color: ColorChoice,

    /// Settings file, NAME = VALUE [default: poslatch.conf, if there]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub(crate) config: Option<PathBuf>,

    // The short form of clap, which has each option on one line, so that a help fits a screen.
    /// Print this help
    #[arg(short, long, global = true, action = ArgAction::HelpShort, help_heading = EVERYWHERE)]
    help: Option<bool>,
}

/// The longest that the library waits. Checked here, because the limit for a look-up is needed only when a reply is lost
/// already, and then it is too late to say that it is none.
const DAY_SECONDS: i64 = 24 * 60 * 60;

const EVERYWHERE: &str = "Every command";

const EXAMPLES: &str = "\
Exit codes: 0 done, 1 the device or the card said no, 2 usage or set-up, 3 connection,
            4 IN DOUBT: the payment may have gone through; look it up, never repeat it.

Examples:
  poslatch demo                                       see it all, without a device
  export POSLATCH_URL=wss://192.168.1.50:8443/        where the device is
  poslatch pair --pos-id 1001 --serial 1850000123     once; asks for the code on the device
  poslatch pay 12.50 EUR
  poslatch doctor                                     when something is wrong

Options can also be set as POSLATCH_URL, POSLATCH_ROOT_CA, ... or in the settings file. Secrets are
asked for, or come from a file or the environment; never from an argument.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Pair with the device: its code for an identity file
    Pair(PairArguments),
    /// Show what an identity, chain or root file holds; never the key
    Inspect(InspectArguments),
    /// Say whether it is time to pair again: exit code 0 no, 1 yes
    NeedsRenewal(NeedsRenewalArguments),
    /// Take a payment; Ctrl-C cancels it on the device
    Pay(PayArguments),
    /// Give money back
    Refund(RefundArguments),
    /// Find out how a payment ended
    Lookup(LookupArguments),
    /// Send a request in the device's own JSON
    Send(SendArguments),
    /// The Root CA chain of the devices
    RootCa {
        #[command(subcommand)]
        command: RootCaCommand,
    },
    /// Find the device again when its address has changed
    Find(FindArguments),
    /// Say on one screen what is wrong between till and device
    Doctor(DoctorArguments),
    /// Pair and pay with a simulated device, on this machine alone
    #[cfg(feature = "demo")]
    Demo,
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
    /// Write the man pages into a folder
    Man(ManArguments),
}

impl Command {
    /// The name that the JSON carries.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Command::Pair(_) => "pair",
            Command::Inspect(_) => "inspect",
            Command::NeedsRenewal(_) => "needs-renewal",
            Command::Pay(_) => "pay",
            Command::Refund(_) => "refund",
            Command::Lookup(_) => "lookup",
            Command::Send(_) => "send",
            Command::RootCa { .. } => "root-ca-fetch",
            Command::Find(_) => "find",
            Command::Doctor(_) => "doctor",
            #[cfg(feature = "demo")]
            Command::Demo => "demo",
            Command::Completions(_) => "completions",
            Command::Man(_) => "man",
        }
    }
}

/// Which device, and who it has to be.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Device")]
pub(crate) struct DeviceOptions {
    /// Where it is: wss://ADDRESS:PORT/, as it shows under Generate Code > Details
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// Root CA chain of its environment [default: root-ca.pem]
    #[arg(long, value_name = "FILE")]
    pub(crate) root_ca: Option<String>,

    /// Accept exactly the device with this serial number
    #[arg(long, value_name = "SERIAL")]
    pub(crate) serial: Option<String>,

    /// Limit for connecting, in seconds [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) connect_timeout: Option<u32>,
}

/// Who the till is.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Till")]
pub(crate) struct IdentityOptions {
    /// Identity file [default: till.pem]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<String>,

    /// File with the identity's passphrase, - for standard input [or: POSLATCH_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<String>,
}

/// What every exchange takes.
#[derive(Args, Clone)]
#[command(next_help_heading = "Waiting")]
pub(crate) struct ExchangeOptions {
    /// How long the device may say nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = value_parser!(u32).range(1..=DAY_SECONDS))]
    pub(crate) silence: u32,

    /// Where requests stand until their end is known [default: IDENTITY.journal]
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<String>,
}

#[derive(Args)]
#[command(after_help = "\
Everything is checked before the code is asked for, since the device shows it for 300 s only.

Examples:
  poslatch pair --pos-id 1001 --serial 1850000123 --url wss://192.168.1.50:8443/
  poslatch pair --pos-id 1001 --code-file - < code.txt")]
pub(crate) struct PairArguments {
    /// The till's number, unique in the shop; digits are safest
    #[arg(long, value_name = "POS_ID")]
    pub(crate) pos_id: Option<String>,

    /// File with the code, - for standard input [or: POSLATCH_SETUP_CODE]
    #[arg(long, value_name = "FILE")]
    pub(crate) code_file: Option<String>,

    /// Encrypt the key; asks for a passphrase unless one is given
    #[arg(long)]
    pub(crate) encrypt: bool,

    /// Replace an identity file that is there
    #[arg(long)]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) device: DeviceOptions,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,
}

#[derive(Args)]
#[command(after_help = "\
Tells by its content what the file is: an identity, a Root CA chain, or certificates.

Examples:
  poslatch inspect
  poslatch inspect root-ca.pem --json")]
pub(crate) struct InspectArguments {
    /// The file [default: the identity file]
    pub(crate) file: Option<String>,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 no, 1 yes (two thirds of its life have gone, or fewer days than given are left),
            2 the file cannot be read.

Example, for cron, which mails what is printed:
  0 6 * * *  poslatch needs-renewal --identity /etc/till.pem >/dev/null || echo pair again")]
pub(crate) struct NeedsRenewalArguments {
    /// Days that have to be left
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub(crate) days: u32,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,
}

#[derive(Args)]
#[command(after_help = "\
The reference is printed before anything is sent. A reply that is lost is asked for at once; if the
device does not tell, the exit code is 4: look it up, do not pay again. Ctrl-C asks the device to
cancel and waits for its answer; Ctrl-C again gives up waiting.

Examples:
  poslatch pay 12.50 EUR
  poslatch pay 12.50 EUR --reference till3-000815 --json")]
pub(crate) struct PayArguments {
    /// Amount, with a point: 12.50
    pub(crate) amount: String,

    /// Currency: EUR, USD, ...
    pub(crate) currency: String,

    /// The till's own reference, up to 50 letters, digits, _ or - [default: a new one]
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) reference: Option<String>,

    /// How long to ask how it ended if the reply is lost; 0 not at all
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = value_parser!(u32).range(0..=DAY_SECONDS))]
    pub(crate) patience: u32,

    #[command(flatten)]
    pub(crate) device: DeviceOptions,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,

    #[command(flatten)]
    pub(crate) exchange: ExchangeOptions,
}

#[derive(Args)]
#[command(after_help = "\
The transaction is the number that `pay` and `lookup` print.

Examples:
  poslatch refund 5f2b8e0c9d7a4f1e8b6c3d2a1f0e9d8c               all of it
  poslatch refund 5f2b8e0c9d7a4f1e8b6c3d2a1f0e9d8c 5.00 EUR      a part
  poslatch refund --standalone 5.00 EUR                          to a card, without a payment")]
pub(crate) struct RefundArguments {
    /// [TRANSACTION] [AMOUNT CURRENCY]: which payment, and how much of it
    #[arg(value_name = "TRANSACTION|AMOUNT|CURRENCY", num_args = 1..=3, required = true)]
    pub(crate) what: Vec<String>,

    /// Give AMOUNT CURRENCY to the card that is presented, without an earlier payment
    #[arg(long)]
    pub(crate) standalone: bool,

    /// The till's own reference, with --standalone [default: a new one]
    #[arg(long, value_name = "REFERENCE", requires = "standalone")]
    pub(crate) reference: Option<String>,

    #[command(flatten)]
    pub(crate) device: DeviceOptions,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,

    #[command(flatten)]
    pub(crate) exchange: ExchangeOptions,
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 it went through, 1 it did not, 2 usage or set-up, 4 still not known.

Examples:
  poslatch lookup till3-000815
  poslatch lookup --pending                 what a till that died left behind
  poslatch lookup --forget till3-000815     found out elsewhere: strike it out")]
pub(crate) struct LookupArguments {
    /// The payment's reference
    #[arg(required_unless_present_any = ["transaction", "pending", "forget"])]
    pub(crate) reference: Option<String>,

    /// The device's number of the transaction instead
    #[arg(long, value_name = "TRANSACTION", conflicts_with_all = ["reference", "pending", "forget"])]
    pub(crate) transaction: Option<String>,

    /// Look up every request in the journal
    #[arg(long, conflicts_with_all = ["reference", "forget"])]
    pub(crate) pending: bool,

    /// Strike this reference out of the journal; asks nobody
    #[arg(long, value_name = "REFERENCE", conflicts_with = "reference")]
    pub(crate) forget: Option<String>,

    /// How long to go on asking
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = value_parser!(u32).range(0..=DAY_SECONDS))]
    pub(crate) patience: u32,

    #[command(flatten)]
    pub(crate) device: DeviceOptions,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,

    /// Where requests stand until their end is known [default: IDENTITY.journal]
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<String>,
}

#[derive(Args)]
#[command(after_help = "\
Status messages go to standard error as they arrive, the reply to standard output, both unchanged but
for characters that would steer a terminal, which are written as escapes.

Examples:
  echo '{\"type\":\"CaptureRequest\",\"transactionId\":\"5f2b...\"}' | poslatch send
  poslatch send print.json")]
pub(crate) struct SendArguments {
    /// File with one JSON object; - is standard input
    #[arg(default_value = "-")]
    pub(crate) file: String,

    #[command(flatten)]
    pub(crate) device: DeviceOptions,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,

    #[command(flatten)]
    pub(crate) exchange: ExchangeOptions,
}

#[derive(Subcommand)]
pub(crate) enum RootCaCommand {
    /// Fetch it from the vendor's cloud, with the merchant's REST shared secret key
    Fetch(FetchArguments),
}

#[derive(Args)]
#[command(after_help = "\
Test and production have different chains. The secret comes from POSLATCH_API_SECRET, a file, or the
prompt.

Example:
  poslatch root-ca fetch --environment cybersource-test --merchant-id shop --key-id 08c94330-...")]
pub(crate) struct FetchArguments {
    /// Which cloud
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,

    /// The merchant or organisation that owns the key
    #[arg(long, value_name = "ID")]
    pub(crate) merchant_id: Option<String>,

    /// The key's number
    #[arg(long, value_name = "ID")]
    pub(crate) key_id: Option<String>,

    /// File with the shared secret, - for standard input [or: POSLATCH_API_SECRET]
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<String>,

    /// Where to put the chain [default: root-ca.pem]
    #[arg(long, value_name = "FILE")]
    pub(crate) root_ca: Option<String>,

    /// How the request is signed: jwt, http-signature or http-signature-v-date [default: jwt]
    #[arg(
        long,
        value_name = "HOW",
        default_value = "jwt",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) auth: Auth,

    /// Roots that vouch for the cloud, where a firewall inspects TLS [default: those of the web]
    #[arg(long, value_name = "FILE")]
    pub(crate) web_roots: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Auth {
    /// A JSON Web Token
    Jwt,
    /// HTTP Signature; ends in September 2026
    HttpSignature,
    /// The same over v-c-date, behind proxies that change Date
    HttpSignatureVDate,
}

#[derive(Args)]
#[command(after_help = "\
Looks on the port of the URL, first near the old address. Only the device whose certificate proves
the name is found; others who answer are listed.

Exit codes: 0 found, 3 not found.

Examples:
  poslatch find
  poslatch find --serial 1850000123 --subnet 192.168.1.0/24,192.168.2.0/24")]
pub(crate) struct FindArguments {
    /// Where to look, with commas between [default: this machine's own /24]
    #[arg(long, value_name = "SUBNETS")]
    pub(crate) subnet: Option<String>,

    /// Go on looking until Ctrl-C, and print a line at each change
    #[arg(long)]
    pub(crate) watch: bool,

    /// Pause between two looks of --watch
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) interval: u32,

    #[command(flatten)]
    pub(crate) device: DeviceOptions,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,
}

#[derive(Args)]
#[command(after_help = "\
Sends no payment, no code and no message. Not while a payment is on its way.

Exit codes: 0 nothing is in the way, 1 the device says no, 2 a file or setting, 3 the connection.

Examples:
  poslatch doctor
  poslatch doctor --bundle for-support.zip        no key, code, passphrase or posId goes in")]
pub(crate) struct DoctorArguments {
    /// Pack what was seen for support, into this zip file
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) device: DeviceOptions,

    #[command(flatten)]
    pub(crate) identity: IdentityOptions,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  poslatch completions bash > /etc/bash_completion.d/poslatch
  poslatch completions powershell >> $PROFILE")]
pub(crate) struct CompletionsArguments {
    pub(crate) shell: Shell,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  poslatch man /usr/local/share/man/man1")]
pub(crate) struct ManArguments {
    /// The folder, which is made if it is not there
    pub(crate) folder: PathBuf,
}
