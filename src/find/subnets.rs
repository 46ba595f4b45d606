//! Which addresses a device could have, and in which order they are asked.

use super::Search;
use crate::error::{Error, Kind};
use crate::transport::dial;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What leaves room for machines between the address of the subnet and that for all of them.
const PREFIX_WITH_EDGES_MAX: u32 = 30;

/// The addresses of a list with commas.
///
/// # Errors
/// `Argument`, with what is wrong where.
pub(super) fn parse(list: &str) -> Result<Vec<IpAddr>, Error> {
    let mut addresses = Vec::new();
    for item in list.split(',').map(str::trim) {
        let fail = |problem: &str| {
            Err(Error::argument("subnets", format!("\"{}\" {problem}", crate::words::printable(item))))
        };
        let no_machine = "is neither a subnet such as 192.168.1.0/24 nor the address of a machine";
        if let Some((first, last)) = subnet(item) {
            let count = u64::from(last) - u64::from(first) + 1;
            if addresses.len() as u64 + count > Search::ADDRESSES_MAX as u64 {
                let limit = Search::ADDRESSES_MAX;
                return fail(&format!("makes more than the {limit} addresses that are asked at most"));
            }
            if !is_of_a_machine(first) || !is_of_a_machine(last) {
                return fail(no_machine);
            }
            addresses.extend((first..=last).map(|bits| IpAddr::V4(Ipv4Addr::from(bits))));
        } else {
            match item.parse::<Ipv6Addr>() {
                Ok(ip) if !ip.is_multicast() && !ip.is_unspecified() => addresses.push(IpAddr::V6(ip)),
                _ => return fail(no_machine),
            }
        }
    }
    if addresses.len() > Search::ADDRESSES_MAX {
        return Err(Error::argument(
            "subnets",
            format!("it holds more than the {} addresses that are asked at most", Search::ADDRESSES_MAX),
        ));
    }
    Ok(addresses)
}

/// The first and the last machine of `192.168.1.0/24`, or of a single IPv4 address.
fn subnet(item: &str) -> Option<(u32, u32)> {
    let (ip, prefix) = match item.split_once('/') {
        Some((ip, prefix)) => (ip, prefix.parse().ok().filter(|prefix| *prefix <= u32::BITS)?),
        None => (item, u32::BITS),
    };
    let ip = u32::from(ip.parse::<Ipv4Addr>().ok()?);
    // What the prefix leaves open; a shift by all bits is none that there is.
    let open = u32::MAX.checked_shr(prefix).unwrap_or_default();
    let (first, last) = (ip & !open, ip | open);
    Some(if prefix <= PREFIX_WITH_EDGES_MAX { (first + 1, last - 1) } else { (first, last) })
}

/// Whether machines have addresses like this one.
fn is_of_a_machine(bits: u32) -> bool {
    let ip = Ipv4Addr::from(bits);
    ip.octets()[0] != 0 && !ip.is_multicast() && !ip.is_broadcast()
}

/// The /24 of the address that this machine would reach the device from.
///
/// # Errors
/// `Unreachable`, without a way to it; `Argument`, if that /24 is nobody's own network.
pub(super) fn own(configured: &[IpAddr]) -> Result<Vec<IpAddr>, Error> {
    let missing = |why: String| Err(Error::argument("subnets", format!("it has to be given: {why}")));
    let Some(device) = configured.iter().copied().find(IpAddr::is_ipv4) else {
        return missing("the neighbours of an IPv6 address are too many to be asked".into());
    };
    let device = SocketAddr::new(device, 9);
    let own = dial::own_address(device)
        .map_err(|error| Kind::Unreachable { address: device, os: (&error).into() })?;
    match own {
        IpAddr::V4(own) if own.is_private() || own.is_link_local() => parse(&format!("{own}/24")),
        IpAddr::V4(own) if own.is_loopback() => {
            missing(format!("the device's address, {}, is this machine's own", device.ip()))
        }
        other => missing(format!("this machine's address, {other}, belongs to no private network")),
    }
}

/// First where the device was; then its neighbours, the nearest first, and the same in other subnets, since
/// a router that changes the subnet often keeps the last number; IPv6 at the end. None twice.
pub(super) fn in_order(configured: &[IpAddr], addresses: &[IpAddr]) -> Vec<IpAddr> {
    let old = configured.iter().find_map(|ip| match ip {
        IpAddr::V4(ip) => Some(ip.octets()),
        IpAddr::V6(_) => None,
    });
    let [.., old_number] = old.unwrap_or_default();
    let rank = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, number] = ip.octets();
            let is_near = old.is_some_and(|old| old[..3] == [a, b, c]);
            let distance = usize::from(number.abs_diff(old_number));
            if is_near { distance } else { 256 + distance }
        }
        IpAddr::V6(_) => 512,
    };
    let mut ordered = configured.to_vec();
    // A sort would say the same, and weigh 5 kB more in the library.
    for place in 0..=512 {
        for ip in addresses.iter().filter(|ip| rank(ip) == place) {
            if !ordered.contains(ip) {
                ordered.push(*ip);
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    fn shown(addresses: &[IpAddr]) -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn subnets_and_addresses_become_the_machines_in_them() {
        for (list, count, first, last) in [
            ("192.168.1.0/24", 254, "192.168.1.1", "192.168.1.254"),
            ("192.168.1.77/24", 254, "192.168.1.1", "192.168.1.254"),
            ("10.0.0.0/20", 4094, "10.0.0.1", "10.0.15.254"),
            ("10.0.0.4/30", 2, "10.0.0.5", "10.0.0.6"),
            ("10.0.0.4/31", 2, "10.0.0.4", "10.0.0.5"),
            ("10.0.0.4/32", 1, "10.0.0.4", "10.0.0.4"),
            ("10.0.0.4", 1, "10.0.0.4", "10.0.0.4"),
            (" 127.0.0.1 , 127.0.0.0/30 ", 3, "127.0.0.1", "127.0.0.2"),
            ("10.0.0.1,fd00::7", 2, "10.0.0.1", "fd00::7"),
        ] {
            let addresses = shown(&parse(list).expect(list));
            assert_eq!(addresses.len(), count, "{list}");
            assert_eq!((addresses[0].as_str(), addresses[count - 1].as_str()), (first, last), "{list}");
        }
    }

    #[test]
    fn what_names_no_machines_or_too_many_is_refused_with_the_reason() {
        let (no_machine, too_many) = ("neither a subnet", "more than the 4096 addresses");
        let many = vec!["fd00::1"; Search::ADDRESSES_MAX + 1].join(",");
        for (list, problem) in [
            ("", no_machine),
            ("192.168.1.0/24,", no_machine),
            ("192.168.1.0/33", no_machine),
            ("192.168.1.0/-1", no_machine),
            ("192.168.1.0/", no_machine),
            ("192.168.1", no_machine),
            ("192.168.1.256/24", no_machine),
            ("terminal-7", no_machine),
            ("fd00::/64", no_machine),
            ("ff02::1", no_machine),
            ("::", no_machine),
            ("0.0.0.0", no_machine),
            ("224.0.0.0/24", no_machine),
            ("255.255.255.255", no_machine),
            ("10.0.0.0/19", too_many),
            ("0.0.0.0/0", too_many),
            ("10.0.0.0/20,10.1.0.0/30,10.2.0.1", too_many),
            (&many, too_many),
        ] {
            let shown = &list[..list.len().min(40)];
            let error = parse(list).expect_err(shown);
            assert_eq!(error.status(), Status::Argument, "{shown}");
            assert!(error.message().contains(problem), "{shown}: {error}");
        }
        assert!(parse("10.0.0.0/20,10.1.0.0/30").is_ok(), "just as many as are asked");
    }

    #[test]
    fn the_old_address_is_asked_first_then_its_neighbours_outward() {
        let old = [IpAddr::from([192, 168, 1, 50])];
        let addresses = parse("fd00::7,192.168.0.0/24,192.168.1.0/24,192.168.1.51").expect("valid");
        let ordered = shown(&in_order(&old, &addresses));
        assert_eq!(ordered.len(), 1 + 253 + 254 + 1, "none twice");
        assert_eq!(
            ordered[..6],
            ["192.168.1.50", "192.168.1.49", "192.168.1.51", "192.168.1.48", "192.168.1.52", "192.168.1.47"]
        );
        assert_eq!(ordered[254..257], ["192.168.0.50", "192.168.0.49", "192.168.0.51"]);
        assert_eq!(ordered.last().map(String::as_str), Some("fd00::7"));
    }

    #[test]
    fn an_old_address_that_is_not_in_the_list_is_asked_all_the_same() {
        let old = [IpAddr::from([10, 0, 0, 9])];
        assert_eq!(
            shown(&in_order(&old, &parse("10.0.1.8/30").expect("valid"))),
            ["10.0.0.9", "10.0.1.9", "10.0.1.10"]
        );
        assert_eq!(
            shown(&in_order(&[], &parse("10.0.0.1,10.0.0.2,10.0.0.1").expect("valid"))),
            ["10.0.0.1", "10.0.0.2"]
        );
    }

    #[test]
    fn a_subnet_of_its_own_is_searched_only_where_this_machine_is_a_neighbour() {
        for (configured, why) in
            [("127.0.0.1", "this machine's own"), ("::1", "too many to be asked"), ("fd00::7", "too many")]
        {
            let error = own(&[configured.parse().expect(configured)]).expect_err(configured);
            assert_eq!(error.status(), Status::Argument, "{configured}");
            assert!(error.message().contains("has to be given") && error.message().contains(why), "{error}");
        }
    }
}
