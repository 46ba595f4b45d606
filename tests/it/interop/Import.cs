// What a till on .NET does with our PKCS#12: imports it, and signs with the key as a TLS handshake would. Prints the
// SHA-256 fingerprint of the certificate if the signature holds.
//
// Build: mcs Import.cs    Run: mono Import.exe FILE PASSPHRASE

using System;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

static class Import
{
    static int Main(string[] arguments)
    {
        var till = new X509Certificate2(File.ReadAllBytes(arguments[0]), arguments[1]);
        if (!till.HasPrivateKey)
        {
            Console.Error.WriteLine("the certificate came without its key");
            return 1;
        }
        byte[] handshake = { 1, 2, 3 };
        byte[] signature = ((RSA)till.PrivateKey).SignData(
            handshake, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        bool holds = ((RSA)till.PublicKey.Key).VerifyData(
            handshake, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (!holds)
        {
            Console.Error.WriteLine("the key is not the certificate's");
            return 1;
        }
        byte[] fingerprint = SHA256.Create().ComputeHash(till.RawData);
        Console.WriteLine(BitConverter.ToString(fingerprint).Replace('-', ':'));
        return 0;
    }
}
