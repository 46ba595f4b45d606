//! Who is who: every way in which the other side can be the wrong one.

use crate::common::*;
use poslatch::{Category, Device, IdentityCheck, RequestState, Status};
use poslatch_simulator::{
    CertificateRequest, Event, Faults, ServerCertificate, ServerChain, SignedBy, Simulator, TlsVersions,
    Usage,
};

fn with_certificate(certificate: ServerCertificate) -> Simulator {
    simulator_with(Faults { server_certificate: certificate, ..Faults::default() })
}

#[test]
fn the_setup_code_never_reaches_a_server_that_has_not_passed() {
    for scheme in SCHEMES {
        for (certificate, status, fact, advice) in [
            (
                ServerCertificate::ForeignRoot,
                Status::UnknownIssuer,
                "\"Simulated Issuing CA\"",
                "somebody else answers at this address",
            ),
            (
                ServerCertificate::WrongName("1850000999.cybs.seclib.io".into()),
                Status::WrongDevice,
                "expected \"1850000123.cybs.seclib.io\", found \"1850000999.cybs.seclib.io\"",
                "Check the address of the device",
            ),
            (
                ServerCertificate::NoSan,
                Status::WrongDevice,
                "a certificate without any name",
                "Check the address of the device",
            ),
            (
                ServerCertificate::Expired,
                Status::DeviceCertificateExpired,
                "this machine's clock says 20",
                "If this machine's clock is wrong, set it",
            ),
            (
                ServerCertificate::NotYetValid,
                Status::DeviceCertificateNotYetValid,
                "this machine's clock says 20",
                "Set this machine's clock",
            ),
            (
                ServerCertificate::ClientAuthOnly,
                Status::DeviceCertificateUnusable,
                "not meant for servers",
                "activate the device again",
            ),
            (
                ServerCertificate::V1,
                Status::DeviceCertificateUnusable,
                "X.509 v1",
                "activate the device again",
            ),
            (
                ServerCertificate::Sha1,
                Status::DeviceCertificateUnusable,
                "no longer considered safe",
                "activate the device again",
            ),
            (
                ServerCertificate::Rsa1024,
                Status::DeviceCertificateUnusable,
                "1024 bits",
                "activate the device again",
            ),
        ] {
            let case = format!("{scheme} {certificate:?}");
            let simulator = with_certificate(certificate);
            let device = builder(&simulator, scheme).serial(SERIAL).build().expect("valid");
            let error = failure(device.pair("1001", &setup_code(&simulator)), &case);
            assert_eq!(error.status(), status, "{case}: {error:?}");
            assert_eq!(error.category(), Category::Trust, "{case}");
            assert_eq!(error.request_state(), RequestState::NotSent, "{case}");
            assert!(error.message().contains(fact), "{case}: {error:?}");
            assert!(error.advice().contains(advice), "{case}: {error:?}");
            assert_eq!(application_bytes(&simulator), 0, "{case}");
        }
    }
}

#[test]
fn without_a_root_ca_chain_nothing_is_dialled() {
    let simulator = simulator();
    let device = Device::builder(&format!("https://{}/", simulator.address())).build().expect("valid");
    let error = failure(device.pair("1001", &setup_code(&simulator)), "no roots");
    assert_eq!(error.status(), Status::RootCaUnusable);
    assert!(!simulator.events().iter().any(|event| matches!(event, Event::Connected { .. })));
}

#[test]
fn each_check_accepts_what_it_should_and_names_what_it_refuses() {
    let other = "1850000999.cybs.seclib.io";
    for (check, certificate, expected) in [
        (IdentityCheck::Domain, ServerCertificate::Normal, None),
        (IdentityCheck::Domain, ServerCertificate::WrongName(other.into()), None),
        (
            IdentityCheck::Domain,
            ServerCertificate::WrongName("till.example.com".into()),
            Some("expected a name under \"cybs.seclib.io\", found \"till.example.com\""),
        ),
        (
            IdentityCheck::Domain,
            ServerCertificate::WrongName("a.b.cybs.seclib.io".into()),
            Some("found \"a.b.cybs.seclib.io\""),
        ),
        (IdentityCheck::Name(SERIAL.into()), ServerCertificate::Normal, None),
        (IdentityCheck::Name("1850000123.CYBS.seclib.io".into()), ServerCertificate::Normal, None),
        (
            IdentityCheck::Name(SERIAL.into()),
            ServerCertificate::WrongName(other.into()),
            Some("found \"1850000999.cybs.seclib.io\""),
        ),
        (IdentityCheck::Address, ServerCertificate::Normal, Some("expected \"127.0.0.1\"")),
        (IdentityCheck::Address, ServerCertificate::WrongName("127.0.0.1".into()), None),
        (IdentityCheck::ChainOnly, ServerCertificate::WrongName("till.example.com".into()), None),
    ] {
        let case = format!("{check:?} {certificate:?}");
        let simulator = with_certificate(certificate);
        let device = builder(&simulator, "https").identity_check(check).build().expect("valid");
        let result = device.pair("1001", &setup_code(&simulator));
        match expected {
            None => drop(result.unwrap_or_else(|error| panic!("{case}: {error:?}"))),
            Some(fact) => {
                let error = failure(result, &case);
                assert_eq!(error.status(), Status::WrongDevice, "{case}: {error:?}");
                assert!(error.message().contains(fact), "{case}: {error:?}");
            }
        }
    }
}

#[test]
fn the_domain_can_be_another_in_any_case_of_letters() {
    for (check, name, accepted) in [
        (IdentityCheck::Domain, "1850000123.devices.example", true),
        (IdentityCheck::Domain, "1850000123.Devices.Example", true),
        (IdentityCheck::Domain, DEVICE_NAME, false),
        (IdentityCheck::Name(SERIAL.into()), "1850000123.devices.example", true),
        (IdentityCheck::Name(SERIAL.into()), DEVICE_NAME, false),
    ] {
        let case = format!("{check:?} {name}");
        let simulator = with_certificate(ServerCertificate::WrongName(name.into()));
        let device = builder(&simulator, "https").identity_check(check).domain("DEVICES.example").build();
        let result = device.expect("valid").pair("1001", &setup_code(&simulator));
        match accepted {
            true => assert_eq!(
                result.unwrap_or_else(|error| panic!("{case}: {error:?}")).device_name(),
                Some("1850000123.devices.example")
            ),
            false => assert_eq!(failure(result, &case).status(), Status::WrongDevice, "{case}"),
        }
    }
}

#[test]
fn sni_is_the_expected_name_and_never_an_address() {
    for (check, sni) in [
        (IdentityCheck::Name(SERIAL.into()), Some(DEVICE_NAME.to_owned())),
        (IdentityCheck::Domain, None),
        (IdentityCheck::ChainOnly, None),
    ] {
        let simulator = simulator();
        let device = builder(&simulator, "https").identity_check(check.clone()).build().expect("valid");
        let identity = device.pair("1001", &setup_code(&simulator)).expect("pairs");
        let seen = |with_certificate: bool| {
            wait(&simulator, "handshake", |event| match event {
                Event::Handshake { sni, client_certificate, .. }
                    if client_certificate.is_some() == with_certificate =>
                {
                    Some(sni.clone())
                }
                _ => None,
            })
        };
        assert_eq!(seen(false), sni, "{check:?}");
        device.open_mtls(&identity).expect("opens");
        assert_eq!(seen(true), Some(DEVICE_NAME.to_owned()), "{check:?}: the identity remembers");
    }
}

#[test]
fn after_pairing_only_the_same_device_will_do_whatever_the_check() {
    for check in [IdentityCheck::Domain, IdentityCheck::ChainOnly] {
        for scheme in SCHEMES {
            let simulator = simulator();
            let device = builder(&simulator, scheme).identity_check(check.clone()).build().expect("valid");
            let identity = device.pair("1001", &setup_code(&simulator)).expect("pairs");

            let other = ServerCertificate::WrongName("1850000999.cybs.seclib.io".into());
            simulator.set_faults(Faults { server_certificate: other, ..Faults::default() });
            let error = failure(device.open_mtls(&identity), "another device at the old address");
            assert_eq!(error.status(), Status::WrongDevice, "{error:?}");
            assert_eq!(
                error.message(),
                "wrong device: expected \"1850000123.cybs.seclib.io\", found \"1850000999.cybs.seclib.io\""
            );
            assert_eq!(
                error.advice(),
                "Check the address of the device, or pair again if the device was replaced."
            );
        }
    }
}

#[test]
fn chains_in_every_order_and_with_strangers_in_them_are_verified() {
    for server_chain in [
        ServerChain::Full,
        ServerChain::LeafOnly,
        ServerChain::WithoutRoot,
        ServerChain::Reversed,
        ServerChain::ExtraCertificates,
    ] {
        for scheme in SCHEMES {
            let simulator = simulator_with(Faults { server_chain, ..Faults::default() });
            let device = device(&simulator, scheme);
            device
                .pair("1001", &setup_code(&simulator))
                .unwrap_or_else(|error| panic!("{server_chain:?}: {error:?}"));
        }
    }
}

#[test]
fn a_ca_in_the_chain_that_is_not_for_servers_is_refused_and_told_from_a_leaf_that_is_not() {
    let own = "the device's certificate cannot be used: it is not meant for servers (extended key usage)";
    let above = "the device's certificate cannot be used: a CA above it is not meant to issue for servers \
                 (extended key usage)";
    for (ca, leaf, problem) in [
        (Usage::Any, Usage::Server, None),
        (Usage::Server, Usage::Server, None),
        // RFC 5280: a certificate that says nothing is for anything.
        (Usage::Server, Usage::Any, None),
        (Usage::Client, Usage::Server, Some(above)),
        (Usage::Client, Usage::Any, Some(above)),
        (Usage::Code, Usage::Server, Some(above)),
        (Usage::Server, Usage::Client, Some(own)),
        (Usage::Code, Usage::Code, Some(own)),
    ] {
        let simulator = simulator();
        let issued = simulator
            .pki()
            .issue(&CertificateRequest {
                signed_by: SignedBy::CaFor(ca),
                usage: leaf,
                ..CertificateRequest::server(DEVICE_NAME)
            })
            .expect("issued");
        let server_certificate =
            ServerCertificate::Custom { chain_der: issued.chain_der, key_der: issued.key_pkcs8_der };
        simulator.set_faults(Faults { server_certificate, ..Faults::default() });
        for scheme in SCHEMES {
            let case = format!("{scheme}: CA for {ca:?}, leaf for {leaf:?}");
            let paired = builder(&simulator, scheme)
                .serial(SERIAL)
                .build()
                .expect("valid")
                .pair("1001", &renewed_setup_code(&simulator));
            let Some(problem) = problem else {
                paired.unwrap_or_else(|error| panic!("{case}: {error:?}"));
                continue;
            };
            let error = failure(paired, &case);
            assert_eq!(error.status(), Status::DeviceCertificateUnusable, "{case}: {error:?}");
            assert_eq!(error.message(), problem, "{case}");
            assert_eq!(error.request_state(), RequestState::NotSent, "{case}");
        }
    }
}

#[test]
fn a_rotated_root_is_unknown_until_the_till_has_both() {
    let simulator = simulator();
    let (identity, old) = (identity(&simulator, "1001"), simulator.root_ca_chain_pem());
    let new = simulator.rotate_root();
    for scheme in SCHEMES {
        let till = |roots: &str| {
            builder(&simulator, scheme).root_ca_pem(roots).build().expect("valid").open_mtls(&identity)
        };
        let error = failure(till(&old), "the old root alone");
        assert_eq!(error.status(), Status::UnknownIssuer, "{error:?}");
        till(&format!("{old}{new}")).expect("both roots, in one file");
        till(&new).expect("the new root");
    }
}

#[test]
fn a_device_that_forgot_its_tills_with_its_root_says_so() {
    for scheme in SCHEMES {
        let simulator = simulator_with(Faults { accept_tills_of_old_roots: false, ..Faults::default() });
        let identity = identity(&simulator, "1001");
        device(&simulator, scheme).open_mtls(&identity).expect("before");
        simulator.rotate_root();
        let error = failure(device(&simulator, scheme).open_mtls(&identity), scheme);
        assert_eq!(error.status(), Status::TillCertificateRejected, "{scheme}: {error:?}");
        assert!(error.message().contains("UnknownCA"), "{scheme}: {error:?}");
        assert!(error.advice().starts_with("Pair again"), "{scheme}: {error:?}");
    }
}

#[test]
fn a_renewed_device_certificate_under_the_same_name_is_accepted() {
    let simulator = simulator();
    let identity = identity(&simulator, "1001");
    simulator.rotate_root();
    device(&simulator, "https").open_mtls(&identity).expect("the same name, another certificate and root");
}

#[test]
fn a_second_device_at_the_old_address_is_the_wrong_one() {
    let first = simulator();
    let (address, identity) = (first.address(), identity(&first, "1001"));
    drop(first);
    let second =
        Simulator::builder().serial("1850000999").listen(address).start().expect("the address is free");
    for scheme in SCHEMES {
        let error = failure(device(&second, scheme).open_mtls(&identity), scheme);
        assert_eq!(error.status(), Status::WrongDevice, "{error:?}");
        assert_eq!(
            error.message(),
            "wrong device: expected \"1850000123.cybs.seclib.io\", found \"1850000999.cybs.seclib.io\""
        );
    }
}

#[test]
fn a_device_of_outdated_tls_is_named_as_such() {
    for tls_versions in [TlsVersions::Only11, TlsVersions::Only11Hello] {
        for scheme in SCHEMES {
            let simulator = simulator_with(Faults { tls_versions, ..Faults::default() });
            let error = failure(device(&simulator, scheme).pair("1001", &setup_code(&simulator)), scheme);
            assert_eq!(error.status(), Status::TlsVersion, "{tls_versions:?} {scheme}: {error:?}");
            assert!(error.advice().contains("Update the payment app"), "{error:?}");
        }
    }
}

#[test]
fn both_tls_versions_are_spoken_and_told() {
    for (tls_versions, told) in [(TlsVersions::Only12, "TLSv1.2"), (TlsVersions::Only13, "TLSv1.3")] {
        let simulator = simulator_with(Faults { tls_versions, ..Faults::default() });
        for scheme in SCHEMES {
            let connection =
                device(&simulator, scheme).open_mtls(&identity(&simulator, "1001")).expect("opens");
            assert_eq!(connection.tls_version(), told);
        }
    }
}

#[test]
fn the_vendors_chain_is_taken_as_pem_and_as_json_and_nothing_else() {
    let simulator = simulator();
    let (pki, chain) = (simulator.pki(), simulator.root_ca_chain_pem());
    let blocks: Vec<String> =
        chain.split_inclusive("-----END CERTIFICATE-----\n").map(str::to_owned).collect();
    let (issuing, root) = (&blocks[0], &blocks[1]);
    let leaf = pki.issue_till("1001").expect("a leaf");
    let v1 = crate::pairing_replies::as_v1(pki.root_der());

    for (name, text) in [
        ("as downloaded", chain.clone()),
        ("root first", format!("{root}{issuing}")),
        ("root alone", root.clone()),
        ("JSON of the API", serde_json::json!({ "certificateChain": chain }).to_string()),
        (
            "JSON, escaped twice",
            serde_json::json!({ "certificateChain": chain.replace('\n', "\\n") }).to_string(),
        ),
    ] {
        Device::builder("https://127.0.0.1")
            .root_ca_pem(text)
            .build()
            .unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    for (name, text, problem) in [
        ("empty", String::new(), "it holds no certificate"),
        ("JSON without it", "{}".into(), "it holds no certificate"),
        ("no root", issuing.clone(), "it holds no self-signed root certificate, only issuing CAs"),
        ("a leaf", format!("{chain}{}", leaf.leaf_pem), "block 3 (\"1001\") is not a CA certificate"),
        (
            "a key",
            format!("{}{chain}", leaf.key_pem_pkcs8),
            "block 1 is a private key, which never belongs in a Root CA chain",
        ),
        ("v1 root", v1, "block 1 (\"Simulated Root CA\") is an X.509 v1 certificate, which cannot be a CA"),
        ("cut off", chain[..chain.len() - 30].to_owned(), "block 2 (CERTIFICATE) is cut off"),
    ] {
        let error = failure(Device::builder("https://127.0.0.1").root_ca_pem(text).build(), name);
        assert_eq!(error.status(), Status::RootCaUnusable, "{name}");
        assert_eq!(error.message(), format!("the Root CA chain cannot be used: {problem}"), "{name}");
    }
}
