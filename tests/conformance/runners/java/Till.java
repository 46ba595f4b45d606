import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import poslatch.CloudAuth;
import poslatch.Connection;
import poslatch.Device;
import poslatch.Identity;
import poslatch.IdentityCheck;
import poslatch.LogLevel;
import poslatch.Message;
import poslatch.Poslatch;
import poslatch.PoslatchException;
import poslatch.Recovery;
import poslatch.RootCa;

/** The verbs, each the call of the public API that it is named after. */
final class Till {
    private final Map<String, AutoCloseable> objects = new ConcurrentHashMap<>();
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());

    Answer act(Command c) throws Exception {
        switch (c.verb) {
            case "hello":
                return Answer.ok().with("language", "java").with("library", Poslatch.version());
            case "status_name":
                return Answer.ok().with("name", Poslatch.statusName(c.number("status")));
            case "log":
                return setLog(c.number("level"));
            case "log_take":
                return takeLog();
            case "device":
                return device(c);
            case "interrupt":
                device(c, "device").interrupt();
                return Answer.ok();
            case "journal_pending":
                return Answer.ok().with("json", device(c, "device").journalPending());
            case "journal_forget":
                device(c, "device").journalForget(c.text("reference"));
                return Answer.ok();
            case "pair":
                return keep(c, device(c, "device").pair(c.text("pos_id"), c.text("setup_code")));
            case "open_mtls":
                return keep(c, device(c, "device").openMtls(identity(c)));
            case "open_tls":
                return keep(c, device(c, "device").openTls());
            case "probe":
                return Answer.ok().with("json", device(c, "device").probe(identity(c)));
            case "identity":
                return facts(identity(c));
            case "needs_renewal":
                return Answer.ok().with("value", identity(c).needsRenewal(c.number("days")) ? 1 : 0);
            case "cert_chain":
                return Answer.ok().with("pem", identity(c).certChain());
            case "save":
                identity(c).save(c.text("path"), c.secret("passphrase"));
                return Answer.ok();
            case "load":
                return keep(c, Identity.load(c.text("path"), c.secret("passphrase")));
            case "export_pem":
                return Answer.ok().with("pem",
                        new String(identity(c).exportPem(c.secret("passphrase")), StandardCharsets.UTF_8));
            case "from_pem":
                return keep(c, Identity.fromPem(c.bytes("pem"), c.secret("passphrase")));
            case "export_pkcs12":
                return Answer.ok().with("size", identity(c).exportPkcs12(c.secret("passphrase")).length);
            case "save_root_ca":
                RootCa.save(c.text("pem"), c.text("path"));
                return Answer.ok();
            case "fetch_root_ca":
                return fetch(c);
            case "exchange":
                return exchange(c);
            case "unclaimed_reply":
                return connection(c).takeUnclaimedReply().map(reply -> Answer.ok().with("reply", reply))
                        .orElseGet(Answer::ok);
            case "send":
                connection(c).send(c.text("json"));
                return Answer.ok();
            case "receive":
                Message message = connection(c).receive(c.span("timeout_ms"));
                return Answer.ok().with("kind", message.kind().number()).with("message", message.json());
            case "recover":
                Recovery found = connection(c).recover(c.text("reference"), c.span("patience_ms"));
                return Answer.ok().with("outcome", found.outcome().number()).with("reply", found.reply());
            case "connection":
                Connection asked = connection(c);
                return Answer.ok().with("state", asked.state().number()).with("server_name", asked.serverName())
                        .with("tls_version", asked.tlsVersion());
            case "close":
                connection(c).close();
                return Answer.ok();
            case "release":
                objects.get(c.text("object")).close();
                return Answer.ok();
            case "abandon":
                objects.remove(c.text("object"));
                return Answer.ok();
            case "collect":
                collect();
                return Answer.ok().with("heap", Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
            default:
                return Answer.error(-1, 1, 0, 0, 0, "unknown verb", "");
        }
    }

    void releaseAll() {
        objects.values().forEach(Till::release);
    }

    private Answer setLog(int number) {
        log.clear();
        for (LogLevel level : LogLevel.values()) {
            if (level.number() == number) {
                Poslatch.setLog(level, level == LogLevel.OFF ? null : (of, message) -> log.add(message));
                return Answer.ok();
            }
        }
        return Answer.unsupported();
    }

    private Answer takeLog() {
        synchronized (log) {
            String text = String.join("\n", log);
            log.clear();
            return Answer.ok().with("text", text);
        }
    }

    private Answer device(Command c) {
        Device.Builder device = Device.builder(c.text("url"));
        if (c.has("root_ca_file")) {
            device.rootCaFile(c.text("root_ca_file"));
        }
        if (c.has("root_ca_pem")) {
            device.rootCaPem(c.text("root_ca_pem"));
        }
        if (c.has("serial")) {
            device.serial(c.text("serial"));
        }
        if (c.has("check")) {
            IdentityCheck check = null;
            for (IdentityCheck candidate : IdentityCheck.values()) {
                check = candidate.number() == c.number("check") ? candidate : check;
            }
            if (check == null) {
                return Answer.unsupported();
            }
            device.identityCheck(check, c.text("check_name"));
        }
        if (c.has("connect_ms")) {
            device.connectTimeout(c.span("connect_ms"));
        }
        if (c.has("pairing_ms")) {
            device.pairingTimeout(c.span("pairing_ms"));
        }
        if (c.has("exchange_ms")) {
            device.exchangeTimeout(c.span("exchange_ms"));
        }
        if (c.has("ping_ms")) {
            device.keepAlive(c.span("ping_ms"), c.number("missed_max"));
        }
        if (c.has("journal")) {
            device.journal(c.text("journal"));
        }
        return keep(c, device.build());
    }

    private static Answer facts(Identity identity) {
        return Answer.ok()
                .with("pos_id", identity.posId())
                .with("device_name", identity.deviceName())
                .with("serial", identity.serial())
                .with("issuer", identity.issuer())
                .with("not_before", identity.notBefore().getEpochSecond())
                .with("not_after", identity.notAfter().getEpochSecond())
                .with("earliest_expiry", identity.earliestExpiry().getEpochSecond())
                .with("fingerprint", identity.fingerprint());
    }

    private static Answer fetch(Command c) {
        CloudAuth auth = null;
        for (CloudAuth candidate : CloudAuth.values()) {
            auth = c.has("auth") && candidate.number() == c.number("auth") ? candidate : auth;
        }
        if (c.has("auth") && auth == null) {
            return Answer.unsupported();
        }
        return Answer.ok().with("pem", RootCa.fetch(c.text("base_url"), c.text("merchant_id"), c.text("key_id"),
                c.secret("shared_secret"), auth, c.text("web_root_pem"), c.span("timeout_ms")));
    }

    private Answer exchange(Command c) {
        Connection connection = connection(c);
        List<String> statuses = new ArrayList<>();
        String deed = c.has("on_status") ? c.text("on_status") : "";
        Consumer<String> onStatus = status -> {
            statuses.add(status);
            if (statuses.size() > 1) {
                return;
            }
            switch (deed) {
                case "throw":
                    throw new Mishap(c.text("text"));
                case "close":
                    connection.close();
                    break;
                case "send":
                    connection.send(c.text("message"));
                    break;
                case "exchange":
                    connection.exchange(c.text("message"));
                    break;
                default:
                    break;
            }
        };
        Answer answer;
        try {
            answer = Answer.ok().with("reply", connection.exchange(c.text("json"), c.span("silence_ms"), onStatus));
        } catch (PoslatchException e) {
            answer = Answer.error(e);
        } catch (Mishap | IllegalStateException e) {
            answer = Answer.thrown(e.getMessage());
        }
        return answer.with("statuses", String.join("\n", statuses));
    }

    /** What a till's own code throws. */
    private static final class Mishap extends RuntimeException {
        private static final long serialVersionUID = 1;

        Mishap(String text) {
            super(text);
        }
    }

    /** Returns when the collector has been at work on what was let go before; the library's own thread follows. */
    private static void collect() throws InterruptedException {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> mark = new PhantomReference<>(new Object(), queue);
        do {
            System.gc();
        } while (queue.remove(100) != mark);
    }

    private Answer keep(Command c, AutoCloseable object) {
        AutoCloseable former = objects.put(c.text("as"), object);
        if (former != null) {
            release(former);
        }
        return Answer.ok();
    }

    private static void release(AutoCloseable object) {
        try {
            object.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Device device(Command c, String key) {
        return (Device) objects.get(c.text(key));
    }

    private Identity identity(Command c) {
        return c.has("identity") ? (Identity) objects.get(c.text("identity")) : null;
    }

    private Connection connection(Command c) {
        return (Connection) objects.get(c.text("connection"));
    }
}
