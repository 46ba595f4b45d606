//! The C ABI called as a careless program would: NULL everywhere, bad text, closed objects.

#![allow(unsafe_code, reason = "calling a C ABI is unsafe by its nature")]

use crate::common::*;
use poslatch::ffi::{
    buffer::*, connection::*, constants::*, device::*, error::*, find::*, identity::*, journal::*, log::*,
    pairing::*, probe::*, root_ca::*, version::*,
};
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};

fn c(text: impl Into<Vec<u8>>) -> CString {
    CString::new(text).expect("no NUL inside")
}

fn text(pointer: *const c_char) -> String {
    assert!(!pointer.is_null());
    unsafe { CStr::from_ptr(pointer) }.to_str().expect("UTF-8").to_owned()
}

/// A dangling value that every failing call has to overwrite.
fn garbage<T>() -> *mut T {
    std::ptr::without_provenance_mut(0x1000)
}

#[test]
fn the_whole_story_can_be_told_through_the_abi() {
    let simulator = simulator();
    let url = c(format!("wss://{}/", simulator.address()));
    let roots = simulator.root_ca_chain_pem();
    unsafe {
        let (mut device, mut identity, mut connection) = (null_mut(), null_mut(), null_mut());
        let (mut chain, mut reply, mut error) = (null_mut(), null_mut(), garbage());
        assert_eq!(poslatch_abi_check(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR), POSLATCH_OK);
        assert_eq!(poslatch_device_new(url.as_ptr(), &mut device, &mut error), POSLATCH_OK);
        assert!(error.is_null(), "cleared on success");
        assert_eq!(
            poslatch_device_set_root_ca_pem(device, roots.as_ptr(), roots.len(), &mut error),
            POSLATCH_OK
        );
        assert_eq!(poslatch_device_set_serial(device, c(SERIAL).as_ptr(), &mut error), POSLATCH_OK);
        let code = c(setup_code(&simulator));
        assert_eq!(
            poslatch_pair(device, c("1001").as_ptr(), code.as_ptr(), &mut identity, &mut error),
            POSLATCH_OK
        );
        assert_eq!(text(poslatch_identity_pos_id(identity)), "1001");
        assert_eq!(text(poslatch_identity_device_name(identity)), DEVICE_NAME);
        assert_eq!(text(poslatch_identity_serial(identity)), SERIAL);
        assert!(text(poslatch_identity_issuer(identity)).contains("CA"));
        let earliest = poslatch_identity_earliest_expiry(identity);
        assert!(earliest > 0 && earliest <= poslatch_identity_not_after(identity));
        assert_eq!(poslatch_identity_needs_renewal(identity, 0), 0, "new");
        assert_eq!(poslatch_identity_needs_renewal(identity, u32::MAX), 1, "never long enough");
        let status = poslatch_identity_export_pkcs12(identity, null(), &mut chain, &mut error);
        assert_eq!((status, chain), (POSLATCH_E_ARGUMENT, null_mut()));
        poslatch_error_free(error);
        let status = poslatch_identity_export_pkcs12(identity, c("").as_ptr(), &mut chain, null_mut());
        assert_eq!((status, chain), (POSLATCH_E_ARGUMENT, null_mut()));
        let status = poslatch_identity_export_pkcs12(identity, c("x").as_ptr(), &mut chain, &mut error);
        assert_eq!((status, poslatch_buffer_data(chain).read()), (POSLATCH_OK, 0x30), "a DER sequence");
        poslatch_buffer_free(chain);
        assert_eq!(poslatch_get_cert_chain(identity, &mut chain, &mut error), POSLATCH_OK);
        assert_eq!(poslatch_buffer_data(chain).add(poslatch_buffer_size(chain)).read(), 0, "terminated");
        poslatch_buffer_free(chain);
        for identity in [identity.cast_const(), null()] {
            assert_eq!(poslatch_probe(device, identity, &mut reply, &mut error), POSLATCH_OK);
            let report = text(poslatch_buffer_data(reply).cast());
            assert!(report.starts_with(r#"{"schema":"poslatch-probe/1","#), "{report}");
            assert!(report.contains(r#""verdict":"ok""#), "{report}");
            assert_eq!(report.contains(r#""given":false"#), identity.is_null(), "{report}");
            poslatch_buffer_free(reply);
        }
        assert_eq!(poslatch_open_mtls(device, identity, &mut connection, &mut error), POSLATCH_OK);
        // What is open needs neither any more.
        poslatch_device_free(device);
        poslatch_identity_free(identity);
        assert_eq!(poslatch_connection_state(connection), POSLATCH_CONNECTION_OPEN);

        unsafe extern "C" fn count(user: *mut c_void, json: *const c_char, size: usize) {
            assert_eq!(text(json).len(), size);
            unsafe { *user.cast::<u32>() += 1 };
        }
        let sale = r#"{"type":"PaymentRequest","merchantReferenceCode":"A-1","amountDetails":{"amount":"1.00","currency":"EUR"}}"#;
        let mut statuses = 0_u32;
        let status = poslatch_connection_exchange(
            connection,
            sale.as_ptr().cast(),
            sale.len(),
            0,
            Some(count),
            (&raw mut statuses).cast(),
            &mut reply,
            &mut error,
        );
        assert_eq!(status, POSLATCH_OK);
        assert!(statuses > 0);
        assert!(text(poslatch_buffer_data(reply).cast()).contains("APPROVED"));
        poslatch_buffer_free(reply);

        let mut outcome = 0;
        let status = poslatch_connection_recover(
            connection,
            c("A-1").as_ptr(),
            0,
            &mut outcome,
            &mut reply,
            &mut error,
        );
        assert_eq!((status, outcome), (POSLATCH_OK, POSLATCH_RECOVERY_FINAL));
        assert!(text(poslatch_buffer_data(reply).cast()).contains("TransactionLookupResponse"));
        poslatch_buffer_free(reply);
        let status = poslatch_connection_recover(
            connection,
            c("A-0").as_ptr(),
            3_000,
            &mut outcome,
            null_mut(),
            &mut error,
        );
        assert_eq!((status, outcome), (POSLATCH_OK, POSLATCH_RECOVERY_UNKNOWN));

        poslatch_connection_close(connection);
        poslatch_connection_close(connection);
        assert_eq!(poslatch_connection_state(connection), POSLATCH_CONNECTION_CLOSED);
        let status = poslatch_connection_exchange(
            connection,
            sale.as_ptr().cast(),
            sale.len(),
            0,
            None,
            null_mut(),
            &mut reply,
            &mut error,
        );
        assert_eq!(status, POSLATCH_E_CLOSED);
        assert!(reply.is_null(), "cleared on failure");
        assert_eq!(poslatch_error_status(error), POSLATCH_E_CLOSED);
        assert_eq!(poslatch_error_category(error), POSLATCH_CATEGORY_USAGE);
        assert_eq!(poslatch_error_request_state(error), POSLATCH_REQUEST_NOT_SENT);
        assert_eq!(text(poslatch_error_message(error)), "the connection was closed");
        assert_eq!(text(poslatch_error_advice(error)), "Open a new connection.");
        poslatch_error_free(error);
        poslatch_connection_free(connection);
    }
}

#[test]
fn a_device_that_moved_is_found_through_the_abi_and_its_progress_told() {
    unsafe extern "C" fn note(user: *mut c_void, tried: u32, total: u32) -> i32 {
        unsafe { (*user.cast::<Vec<(u32, u32)>>()).push((tried, total)) };
        0
    }
    unsafe extern "C" fn end(_: *mut c_void, _: u32, _: u32) -> i32 {
        -1
    }
    let simulator = simulator();
    let (port, roots) = (simulator.address().port(), simulator.root_ca_chain_pem());
    let identity = identity(&simulator, "1001");
    let identity_pem = identity.to_pem(None).expect("written");
    let old = c(format!("wss://127.0.0.2:{port}/"));
    unsafe {
        let (mut device, mut identity, mut error) = (null_mut(), null_mut(), null_mut());
        let mut url = garbage();
        poslatch_device_new(old.as_ptr(), &mut device, null_mut());
        poslatch_device_set_root_ca_pem(device, roots.as_ptr(), roots.len(), null_mut());
        let (pem, size) = (identity_pem.as_ptr(), identity_pem.len());
        poslatch_identity_from_pem(pem, size, null(), &mut identity, null_mut());

        let list = c("127.0.0.1");
        let mut told: Vec<(u32, u32)> = Vec::new();
        let user = (&raw mut told).cast();
        let status =
            poslatch_find_device(device, identity, list.as_ptr(), Some(note), user, &mut url, &mut error);
        assert_eq!((status, error), (POSLATCH_OK, null_mut()));
        assert_eq!(text(poslatch_buffer_data(url).cast()), format!("wss://127.0.0.1:{port}/"));
        poslatch_buffer_free(url);
        assert_eq!(told.first(), Some(&(0, 2)), "the old address and the list: {told:?}");

        let mut find = |identity, list: *const c_char, on_progress| {
            url = garbage();
            let status =
                poslatch_find_device(device, identity, list, on_progress, null_mut(), &mut url, null_mut());
            assert!(url.is_null());
            status
        };
        assert_eq!(find(identity, list.as_ptr(), Some(end)), POSLATCH_E_CANCELLED);
        assert_eq!(find(null(), list.as_ptr(), None), POSLATCH_E_ARGUMENT, "nobody is named");
        assert_eq!(find(identity, c("10.0.0.0/8").as_ptr(), None), POSLATCH_E_ARGUMENT, "too many");
        assert_eq!(find(identity, c"\xff".as_ptr(), None), POSLATCH_E_ARGUMENT, "no UTF-8");
        assert_eq!(find(identity, null(), None), POSLATCH_E_ARGUMENT, "the loopback is no subnet of its own");
        assert_eq!(find(identity, c("127.0.0.3").as_ptr(), None), POSLATCH_E_DEVICE_NOT_FOUND);
        poslatch_identity_free(identity);
        poslatch_device_free(device);
    }
}

#[test]
fn null_is_an_argument_error_in_every_place_and_never_a_crash() {
    let simulator = simulator();
    let url = c(format!("https://{}/", simulator.address()));
    let (some, roots) = (c("x"), simulator.root_ca_chain_pem());
    unsafe {
        let mut device = null_mut();
        assert_eq!(poslatch_device_new(url.as_ptr(), &mut device, null_mut()), POSLATCH_OK);
        let (mut identity, mut connection, mut buffer) = (garbage(), garbage(), garbage());
        let mut outcome = 77;
        let e = null_mut();
        let statuses = [
            poslatch_device_new(null(), &mut device.clone(), e),
            poslatch_device_new(url.as_ptr(), null_mut(), e),
            poslatch_device_set_root_ca_file(null_mut(), some.as_ptr(), e),
            poslatch_device_set_root_ca_file(device, null(), e),
            poslatch_device_set_root_ca_pem(null_mut(), some.as_ptr().cast(), 1, e),
            poslatch_device_set_root_ca_pem(device, null(), 1, e),
            poslatch_device_set_serial(null_mut(), some.as_ptr(), e),
            poslatch_device_set_serial(device, null(), e),
            poslatch_device_set_identity_check(null_mut(), POSLATCH_CHECK_DOMAIN, null(), e),
            poslatch_device_set_identity_check(device, POSLATCH_CHECK_NAME, null(), e),
            poslatch_device_set_identity_check(device, POSLATCH_CHECK_ADDRESS, some.as_ptr(), e),
            poslatch_device_set_identity_check(device, 99, null(), e),
            poslatch_device_set_timeout_ms(null_mut(), POSLATCH_TIMEOUT_CONNECT, 1, e),
            poslatch_device_set_timeout_ms(device, 99, 1, e),
            poslatch_device_set_timeout_ms(device, POSLATCH_TIMEOUT_CONNECT, u32::MAX, e),
            poslatch_device_set_keep_alive(null_mut(), 1, 1, e),
            poslatch_device_set_keep_alive(device, 1, 0, e),
            poslatch_device_set_keep_alive(device, u32::MAX, 1, e),
            poslatch_device_set_journal(null_mut(), null(), e),
            poslatch_device_journal_pending(null(), &mut buffer, e),
            poslatch_device_journal_pending(device, &mut buffer, e),
            poslatch_device_journal_forget(null(), some.as_ptr(), e),
            poslatch_device_journal_forget(device, some.as_ptr(), e),
            poslatch_pair(null(), some.as_ptr(), some.as_ptr(), &mut identity, e),
            poslatch_pair(device, null(), some.as_ptr(), &mut identity, e),
            poslatch_pair(device, some.as_ptr(), null(), &mut identity, e),
            poslatch_pair(device, some.as_ptr(), some.as_ptr(), null_mut(), e),
            poslatch_save_root_ca(null(), 1, some.as_ptr(), e),
            poslatch_save_root_ca(roots.as_ptr(), roots.len(), null(), e),
            poslatch_probe(null(), null(), &mut buffer, e),
            poslatch_probe(device, null(), null_mut(), e),
            poslatch_get_cert_chain(null(), &mut buffer, e),
            poslatch_identity_save(null(), some.as_ptr(), null(), e),
            poslatch_identity_load(null(), null(), &mut identity, e),
            poslatch_identity_load(some.as_ptr(), null(), null_mut(), e),
            poslatch_identity_export_pem(null(), null(), &mut buffer, e),
            poslatch_identity_export_pkcs12(null(), some.as_ptr(), &mut buffer, e),
            poslatch_identity_from_pem(null(), 1, null(), &mut identity, e),
            poslatch_find_device(null(), null(), some.as_ptr(), None, null_mut(), &mut buffer, e),
            poslatch_find_device(device, null(), some.as_ptr(), None, null_mut(), null_mut(), e),
            poslatch_open_mtls(null(), null(), &mut connection, e),
            poslatch_open_mtls(device, null(), &mut connection, e),
            poslatch_open_tls(null(), &mut connection, e),
            poslatch_connection_exchange(null(), null(), 0, 0, None, null_mut(), &mut buffer, e),
            poslatch_connection_exchange(null(), null(), 0, 0, None, null_mut(), null_mut(), e),
            poslatch_connection_send(null(), null(), 0, e),
            poslatch_connection_receive(null(), 0, null_mut(), &mut buffer, e),
            poslatch_connection_recover(null(), some.as_ptr(), 0, &mut outcome, &mut buffer, e),
            poslatch_connection_recover(null(), some.as_ptr(), 0, null_mut(), null_mut(), e),
        ];
        for (number, status) in statuses.into_iter().enumerate() {
            assert_eq!(status, POSLATCH_E_ARGUMENT, "call {number}");
        }
        assert!(identity.is_null() && connection.is_null() && buffer.is_null(), "outputs are cleared");
        assert_eq!(outcome, 0, "outputs are cleared");

        for empty in [
            poslatch_error_message(null()),
            poslatch_error_advice(null()),
            poslatch_identity_pos_id(null()),
            poslatch_identity_device_name(null()),
            poslatch_identity_serial(null()),
            poslatch_identity_issuer(null()),
            poslatch_identity_fingerprint(null()),
            poslatch_connection_server_name(null()),
            poslatch_connection_tls_version(null()),
        ] {
            assert_eq!(text(empty), "");
        }
        assert_eq!(poslatch_error_status(null()), POSLATCH_OK);
        assert_eq!(poslatch_error_category(null()), 0);
        assert_eq!(poslatch_error_request_state(null()), POSLATCH_REQUEST_NONE);
        assert_eq!((poslatch_error_http_status(null()), poslatch_error_os_code(null())), (0, 0));
        assert_eq!((poslatch_identity_not_before(null()), poslatch_identity_not_after(null())), (0, 0));
        assert_eq!(poslatch_identity_earliest_expiry(null()), 0);
        assert_eq!(poslatch_identity_needs_renewal(null(), u32::MAX), 0);
        assert_eq!((poslatch_buffer_data(null()), poslatch_buffer_size(null())), (null(), 0));
        assert_eq!(poslatch_connection_state(null()), POSLATCH_CONNECTION_CLOSED);
        poslatch_device_interrupt(null());
        poslatch_connection_close(null());
        poslatch_device_free(null_mut());
        poslatch_identity_free(null_mut());
        poslatch_connection_free(null_mut());
        poslatch_buffer_free(null_mut());
        poslatch_error_free(null_mut());
        poslatch_device_free(device);
    }
}

#[test]
fn text_that_is_not_utf8_is_an_argument_error_that_names_the_argument() {
    let bad = c(vec![0xff, b'x']);
    let url = c("https://127.0.0.1/");
    unsafe {
        let mut device = null_mut();
        assert_eq!(poslatch_device_new(url.as_ptr(), &mut device, null_mut()), POSLATCH_OK);
        let mut identity = null_mut();
        type Call<'a> = &'a mut dyn FnMut(&mut *mut poslatch_error) -> poslatch_status;
        let calls: [(&str, Call); 5] = [
            ("url", &mut |e| poslatch_device_new(bad.as_ptr(), &mut null_mut(), e)),
            ("path", &mut |e| poslatch_device_set_root_ca_file(device, bad.as_ptr(), e)),
            ("serial", &mut |e| poslatch_device_set_serial(device, bad.as_ptr(), e)),
            ("setup_code", &mut |e| poslatch_pair(device, url.as_ptr(), bad.as_ptr(), &mut identity, e)),
            ("passphrase", &mut |e| poslatch_identity_load(url.as_ptr(), bad.as_ptr(), &mut null_mut(), e)),
        ];
        for (argument, call) in calls {
            let mut error = null_mut();
            assert_eq!(call(&mut error), POSLATCH_E_ARGUMENT, "{argument}");
            let message = text(poslatch_error_message(error));
            assert_eq!(message, format!("argument \"{argument}\": it is not UTF-8"));
            poslatch_error_free(error);
        }
        poslatch_device_free(device);
    }
}

#[test]
fn a_root_ca_chain_is_saved_only_if_it_is_one_and_read_back() {
    let simulator = simulator();
    let folder = Folder::new("c-root-ca");
    let file = folder.path.join("root-ca.pem");
    let path = c(file.to_str().expect("UTF-8"));
    let chain = simulator.root_ca_chain_pem();
    let downloaded = serde_json::json!({ "certificateChain": chain }).to_string();
    let url = c(format!("wss://{}/", simulator.address()));
    unsafe {
        let mut error = garbage();
        let status = poslatch_save_root_ca(downloaded.as_ptr(), downloaded.len(), path.as_ptr(), &mut error);
        assert_eq!((status, error), (POSLATCH_OK, null_mut()));
        assert_eq!(std::fs::read_to_string(&file).expect("there"), chain);
        let mut device = null_mut();
        assert_eq!(poslatch_device_new(url.as_ptr(), &mut device, null_mut()), POSLATCH_OK);
        assert_eq!(poslatch_device_set_root_ca_file(device, path.as_ptr(), null_mut()), POSLATCH_OK);
        poslatch_device_free(device);

        for (pem, size) in [(chain.as_ptr(), chain.len() / 2), (null(), 0)] {
            assert_eq!(
                poslatch_save_root_ca(pem, size, path.as_ptr(), null_mut()),
                POSLATCH_E_ROOT_CA_UNUSABLE
            );
        }
        let nowhere = c(folder.path.join("no/such/folder.pem").to_str().expect("UTF-8"));
        let status = poslatch_save_root_ca(chain.as_ptr(), chain.len(), nowhere.as_ptr(), &mut error);
        assert_eq!(status, POSLATCH_E_FILE);
        assert!(text(poslatch_error_message(error)).contains("folder.pem"));
        poslatch_error_free(error);
    }
    assert_eq!(std::fs::read_to_string(&file).expect("there"), chain, "the old one");
    assert_eq!(folder.files(), ["root-ca.pem"], "nothing is left behind");
}

#[test]
fn versions_and_names_are_told() {
    assert!(text(poslatch_version_string()).starts_with("poslatch 0."));
    assert_eq!(poslatch_abi_version(), POSLATCH_ABI_MAJOR * 65536 + POSLATCH_ABI_MINOR);
    assert_eq!(poslatch_abi_check(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR + 1), POSLATCH_E_ARGUMENT);
    assert_eq!(poslatch_abi_check(POSLATCH_ABI_MAJOR + 1, 0), POSLATCH_E_ARGUMENT);
    assert_eq!(text(poslatch_status_name(POSLATCH_E_WRONG_DEVICE)), "WRONG_DEVICE");
    assert_eq!(text(poslatch_status_name(POSLATCH_OK)), "OK");
    assert_eq!(text(poslatch_status_name(12345)), "UNKNOWN");
}

#[test]
fn records_reach_the_tills_callback_until_it_takes_it_back() {
    // In a process of its own: the logger is one for the process, and other tests bring theirs.
    if std::env::var_os("POSLATCH_TEST_LOG").is_none() {
        let child = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "c_abi::records_reach_the_tills_callback_until_it_takes_it_back"])
            .env("POSLATCH_TEST_LOG", "1")
            .output()
            .expect("runs");
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
        return;
    }

    unsafe extern "C" fn keep(user: *mut c_void, level: i32, message: *const c_char) {
        let records = unsafe { &*user.cast::<std::sync::Mutex<Vec<(i32, String)>>>() };
        // A call of the library from within a callback must neither log nor hang.
        assert_eq!(unsafe { poslatch_device_new(null(), &mut null_mut(), null_mut()) }, POSLATCH_E_ARGUMENT);
        records.lock().expect("no panic").push((level, text(message)));
    }
    let records = std::sync::Mutex::new(Vec::<(i32, String)>::new());
    let user = (&raw const records).cast_mut().cast();
    let simulator = simulator();
    let pair = || device(&simulator, "wss").pair("1001", "WRONG123").expect_err("a wrong code");
    unsafe {
        assert_eq!(poslatch_log_set(99, Some(keep), user, null_mut()), POSLATCH_E_ARGUMENT);
        assert_eq!(poslatch_log_set(POSLATCH_LOG_WARN, Some(keep), user, null_mut()), POSLATCH_OK);
        pair();
        let heard = std::mem::take(&mut *records.lock().expect("no panic"));
        assert_eq!(heard.len(), 1, "only the warning: {heard:?}");
        assert!(
            heard[0].0 == POSLATCH_LOG_WARN && heard[0].1.starts_with("pairing failed: PAIRING_REJECTED"),
            "{heard:?}"
        );

        assert_eq!(poslatch_log_set(POSLATCH_LOG_TRACE, Some(keep), user, null_mut()), POSLATCH_OK);
        pair();
        let heard = std::mem::take(&mut *records.lock().expect("no panic"));
        assert!(heard.iter().any(|(level, _)| *level == POSLATCH_LOG_INFO), "{heard:?}");
        // tungstenite would write out whole messages.
        assert!(!heard.iter().any(|(_, message)| message.contains("WRONG123")), "{heard:?}");

        assert_eq!(poslatch_log_set(POSLATCH_LOG_TRACE, None, null_mut(), null_mut()), POSLATCH_OK);
        pair();
        assert!(records.lock().expect("no panic").is_empty());
    }
}
