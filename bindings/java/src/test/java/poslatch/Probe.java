package poslatch;

import com.sun.jna.Library;
import java.lang.reflect.Proxy;

/** A till for {@link ProgramTest}, which starts it where the platform's charset is not UTF-8; told in ASCII. */
final class Probe {
    private Probe() {
    }

    public static void main(String[] arguments) {
        if (arguments[0].equals("where")) {
            Library.Handler handler = (Library.Handler) Proxy.getInvocationHandler(Loader.abi());
            System.out.println(handler.getNativeLibrary().getFile());
            return;
        }
        if (arguments[0].equals("twice")) {
            for (int i = 0; i < 2; i++) {
                try {
                    Poslatch.version();
                } catch (UnsatisfiedLinkError e) {
                    System.out.println(e.getMessage() + "\n.");
                }
            }
            return;
        }
        String url = arguments[0];
        String rootCaFile = arguments[1];
        String setupCode = arguments[2];
        String path = arguments[3] + "/t\u00efll \u20ac.pem";
        char[] passphrase = "p\u00e4ss\u20ac\ud834\udd1e".toCharArray();
        try (Device device = Device.builder(url).rootCaFile(rootCaFile).build()) {
            try (Identity identity = device.pair("K\u00e4se \u20ac", setupCode)) {
                identity.save(path, passphrase);
            }
            try (Identity identity = Identity.load(path, passphrase);
                    Connection connection = device.openMtls(identity)) {
                String reply = connection.exchange("{\"type\":\"PaymentRequest\",\"merchantReferenceCode\":\"probe\","
                        + "\"note\":\"\u20ac\",\"amountDetails\":{\"amount\":\"1.00\",\"currency\":\"USD\"}}",
                        status -> { });
                boolean isNamed = identity.posId().equals("K\u00e4se \u20ac");
                System.out.println(isNamed && reply.contains("APPROVED") ? "good" : identity.posId() + reply);
            }
            try {
                Identity.load(path + "\u20ac");
            } catch (PoslatchException e) {
                System.out.println(e.message().contains("t\u00efll \u20ac.pem\u20ac") ? "told" : e.message());
            }
        }
    }
}
