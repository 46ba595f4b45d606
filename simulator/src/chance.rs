//! Chance, which can be told to repeat itself. A file of its own, because with a scenario's seed everything that a device
//! draws for its screen and its replies must come out the same again. Keys and certificates are never drawn here.

use crate::pki;

/// A source of ids, codes and picks: the system's, or with a seed a sequence that is the same each time.
pub(crate) struct Chance {
    state: Option<u64>,
}

impl Chance {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self { state: seed }
    }

    /// One of the first so many numbers, or 0 if there is none to choose from.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        // The bias of the remainder is less than what any test or person could see.
        self.next().checked_rem(count).unwrap_or(0)
    }

    /// Section 6a: ids are 32 hexadecimal digits.
    pub(crate) fn hex_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }

    /// So many decimal digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    /// SplitMix64, by Vigna: short, and any seed will do.
    fn next(&mut self) -> u64 {
        let Some(state) = &mut self.state else { return u64::from_le_bytes(pki::random_bytes()) };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_draws_the_same_and_another_seed_something_else() {
        let draw = |seed| {
            let mut chance = Chance::new(Some(seed));
            (chance.hex_id(), chance.digits(6), chance.below(100))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn seeded_sequence_is_that_of_splitmix64() {
        // The first outputs for the seed 1234567, as the reference implementation prints them.
        let mut chance = Chance::new(Some(1_234_567));
        assert_eq!(chance.next(), 6_457_827_717_110_365_317);
        assert_eq!(chance.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn without_a_seed_nothing_is_repeated() {
        assert_ne!(Chance::new(None).hex_id(), Chance::new(None).hex_id());
    }

    #[test]
    fn draws_have_the_form_that_is_asked_for() {
        let mut chance = Chance::new(None);
        let id = chance.hex_id();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        let digits = chance.digits(22);
        assert!(digits.len() == 22 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
        assert_eq!(chance.below(0), 0);
        assert!(chance.below(3) < 3);
    }
}
