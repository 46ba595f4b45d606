using System;
using System.Runtime.InteropServices;

namespace Poslatch.Native
{
    /// <summary>
    /// The C functions of poslatch.h, by their C names. Bound by address and not by [DllImport], because only so the
    /// file that <see cref="LibraryFinder"/> has found is the one that is called: on Unix a library that was opened by
    /// its full path is not what [DllImport("poslatch")] looks for. Text goes in as UTF-8 with a NUL
    /// (<see cref="Utf8"/>), objects as SafeHandles, which cannot be freed while a call uses them.
    /// </summary>
    internal sealed class NativeMethods
    {
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void OnStatus(IntPtr user, IntPtr json, UIntPtr size);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void OnLog(IntPtr user, int level, IntPtr message);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int OnProgress(IntPtr user, uint tried, uint total);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr VersionText();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate uint VersionNumber();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int AbiCheck(uint major, uint minor);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int LogSet(int level, OnLog onLog, IntPtr user, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr StatusText(int status);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int FetchRootCa(
            byte[] baseUrl,
            byte[] merchantId,
            byte[] keyId,
            byte[] sharedSecret,
            int auth,
            byte[] webRootPem,
            uint timeoutMs,
            out BufferHandle pem,
            out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int SaveRootCa(byte[] pem, UIntPtr size, byte[] path, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DeviceNew(byte[] url, out DeviceHandle device, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DeviceText(DeviceHandle device, byte[] text, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DeviceBytes(DeviceHandle device, byte[] bytes, UIntPtr size, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DeviceCheck(DeviceHandle device, int check, byte[] name, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DeviceTimeout(DeviceHandle device, int which, uint ms, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DeviceKeepAlive(DeviceHandle device, uint pingMs, uint missedMax, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DeviceRead(DeviceHandle device, out BufferHandle json, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void DeviceSignal(DeviceHandle device);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Pair(
            DeviceHandle device, byte[] posId, byte[] setupCode, out IdentityHandle identity, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int FindDevice(
            DeviceHandle device,
            IdentityHandle identity,
            byte[] subnets,
            OnProgress onProgress,
            IntPtr user,
            out BufferHandle url,
            out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int OpenMtls(
            DeviceHandle device, IdentityHandle identity, out ConnectionHandle connection, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int OpenTls(DeviceHandle device, out ConnectionHandle connection, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Probe(
            DeviceHandle device, IdentityHandle identity, out BufferHandle report, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int IdentityRead(IdentityHandle identity, out BufferHandle buffer, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int IdentitySave(
            IdentityHandle identity, byte[] path, byte[] passphrase, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int IdentityLoad(
            byte[] path, byte[] passphrase, out IdentityHandle identity, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int IdentityExport(
            IdentityHandle identity, byte[] passphrase, out BufferHandle buffer, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int IdentityFromPem(
            byte[] pem, UIntPtr size, byte[] passphrase, out IdentityHandle identity, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr IdentityText(IdentityHandle identity);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate long IdentityTime(IdentityHandle identity);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int IdentityDue(IdentityHandle identity, uint days);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Exchange(
            ConnectionHandle connection,
            byte[] json,
            UIntPtr size,
            uint silenceMs,
            OnStatus onStatus,
            IntPtr user,
            out BufferHandle reply,
            out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Send(ConnectionHandle connection, byte[] json, UIntPtr size, out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Receive(
            ConnectionHandle connection,
            uint timeoutMs,
            out int kind,
            out BufferHandle message,
            out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Recover(
            ConnectionHandle connection,
            byte[] reference,
            uint patienceMs,
            out int outcome,
            out BufferHandle reply,
            out ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int ConnectionNumber(ConnectionHandle connection);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr ConnectionText(ConnectionHandle connection);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void ConnectionSignal(ConnectionHandle connection);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr BufferData(BufferHandle buffer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate UIntPtr BufferSize(BufferHandle buffer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int ErrorNumber(ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr ErrorText(ErrorHandle error);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void Free(IntPtr instance);

        internal readonly VersionText poslatch_version_string;
        internal readonly VersionNumber poslatch_abi_version;
        internal readonly AbiCheck poslatch_abi_check;
        internal readonly LogSet poslatch_log_set;
        internal readonly StatusText poslatch_status_name;

        internal readonly FetchRootCa poslatch_fetch_root_ca;
        internal readonly SaveRootCa poslatch_save_root_ca;

        internal readonly DeviceNew poslatch_device_new;
        internal readonly DeviceText poslatch_device_set_root_ca_file;
        internal readonly DeviceBytes poslatch_device_set_root_ca_pem;
        internal readonly DeviceText poslatch_device_set_serial;
        internal readonly DeviceCheck poslatch_device_set_identity_check;
        internal readonly DeviceTimeout poslatch_device_set_timeout_ms;
        internal readonly DeviceKeepAlive poslatch_device_set_keep_alive;
        internal readonly DeviceText poslatch_device_set_journal;
        internal readonly DeviceRead poslatch_device_journal_pending;
        internal readonly DeviceText poslatch_device_journal_forget;
        internal readonly DeviceSignal poslatch_device_interrupt;
        internal readonly Free poslatch_device_free;

        internal readonly Pair poslatch_pair;
        internal readonly FindDevice poslatch_find_device;
        internal readonly OpenMtls poslatch_open_mtls;
        internal readonly OpenTls poslatch_open_tls;
        internal readonly Probe poslatch_probe;

        internal readonly IdentityRead poslatch_get_cert_chain;
        internal readonly IdentitySave poslatch_identity_save;
        internal readonly IdentityLoad poslatch_identity_load;
        internal readonly IdentityExport poslatch_identity_export_pem;
        internal readonly IdentityExport poslatch_identity_export_pkcs12;
        internal readonly IdentityFromPem poslatch_identity_from_pem;
        internal readonly IdentityText poslatch_identity_pos_id;
        internal readonly IdentityText poslatch_identity_device_name;
        internal readonly IdentityText poslatch_identity_serial;
        internal readonly IdentityText poslatch_identity_issuer;
        internal readonly IdentityTime poslatch_identity_not_before;
        internal readonly IdentityTime poslatch_identity_not_after;
        internal readonly IdentityTime poslatch_identity_earliest_expiry;
        internal readonly IdentityDue poslatch_identity_needs_renewal;
        internal readonly IdentityText poslatch_identity_fingerprint;
        internal readonly Free poslatch_identity_free;

        internal readonly Exchange poslatch_connection_exchange;
        internal readonly Send poslatch_connection_send;
        internal readonly Receive poslatch_connection_receive;
        internal readonly Recover poslatch_connection_recover;
        internal readonly ConnectionNumber poslatch_connection_state;
        internal readonly ConnectionText poslatch_connection_server_name;
        internal readonly ConnectionText poslatch_connection_tls_version;
        internal readonly ConnectionSignal poslatch_connection_close;
        internal readonly Free poslatch_connection_free;

        internal readonly BufferData poslatch_buffer_data;
        internal readonly BufferSize poslatch_buffer_size;
        internal readonly Free poslatch_buffer_free;

        internal readonly ErrorNumber poslatch_error_status;
        internal readonly ErrorNumber poslatch_error_category;
        internal readonly ErrorText poslatch_error_message;
        internal readonly ErrorText poslatch_error_advice;
        internal readonly ErrorNumber poslatch_error_request_state;
        internal readonly ErrorNumber poslatch_error_http_status;
        internal readonly ErrorNumber poslatch_error_os_code;
        internal readonly Free poslatch_error_free;

        /// <summary>
        /// Binds every function, the version check first: a library that does not fit may lack the others.
        /// </summary>
        /// <exception cref="PoslatchLibraryException">
        /// The library is of another version, or is another library.
        /// </exception>
        internal NativeMethods(NativeLibrary library)
        {
            poslatch_abi_check = library.Function<AbiCheck>("poslatch_abi_check");
            poslatch_abi_version = library.Function<VersionNumber>("poslatch_abi_version");
            if (poslatch_abi_check(Limits.AbiMajor, Limits.AbiMinor) != (int)Status.Ok)
            {
                throw library.HasOtherAbi(poslatch_abi_version());
            }
            poslatch_version_string = library.Function<VersionText>("poslatch_version_string");
            poslatch_log_set = library.Function<LogSet>("poslatch_log_set");
            poslatch_status_name = library.Function<StatusText>("poslatch_status_name");

            poslatch_fetch_root_ca = library.Function<FetchRootCa>("poslatch_fetch_root_ca");
            poslatch_save_root_ca = library.Function<SaveRootCa>("poslatch_save_root_ca");

            poslatch_device_new = library.Function<DeviceNew>("poslatch_device_new");
            poslatch_device_set_root_ca_file = library.Function<DeviceText>("poslatch_device_set_root_ca_file");
            poslatch_device_set_root_ca_pem = library.Function<DeviceBytes>("poslatch_device_set_root_ca_pem");
            poslatch_device_set_serial = library.Function<DeviceText>("poslatch_device_set_serial");
            poslatch_device_set_identity_check = library.Function<DeviceCheck>("poslatch_device_set_identity_check");
            poslatch_device_set_timeout_ms = library.Function<DeviceTimeout>("poslatch_device_set_timeout_ms");
            poslatch_device_set_keep_alive = library.Function<DeviceKeepAlive>("poslatch_device_set_keep_alive");
            poslatch_device_set_journal = library.Function<DeviceText>("poslatch_device_set_journal");
            poslatch_device_journal_pending = library.Function<DeviceRead>("poslatch_device_journal_pending");
            poslatch_device_journal_forget = library.Function<DeviceText>("poslatch_device_journal_forget");
            poslatch_device_interrupt = library.Function<DeviceSignal>("poslatch_device_interrupt");
            poslatch_device_free = library.Function<Free>("poslatch_device_free");

            poslatch_pair = library.Function<Pair>("poslatch_pair");
            poslatch_find_device = library.Function<FindDevice>("poslatch_find_device");
            poslatch_open_mtls = library.Function<OpenMtls>("poslatch_open_mtls");
            poslatch_open_tls = library.Function<OpenTls>("poslatch_open_tls");
            poslatch_probe = library.Function<Probe>("poslatch_probe");

            poslatch_get_cert_chain = library.Function<IdentityRead>("poslatch_get_cert_chain");
            poslatch_identity_save = library.Function<IdentitySave>("poslatch_identity_save");
            poslatch_identity_load = library.Function<IdentityLoad>("poslatch_identity_load");
            poslatch_identity_export_pem = library.Function<IdentityExport>("poslatch_identity_export_pem");
            poslatch_identity_export_pkcs12 = library.Function<IdentityExport>("poslatch_identity_export_pkcs12");
            poslatch_identity_from_pem = library.Function<IdentityFromPem>("poslatch_identity_from_pem");
            poslatch_identity_pos_id = library.Function<IdentityText>("poslatch_identity_pos_id");
            poslatch_identity_device_name = library.Function<IdentityText>("poslatch_identity_device_name");
            poslatch_identity_serial = library.Function<IdentityText>("poslatch_identity_serial");
            poslatch_identity_issuer = library.Function<IdentityText>("poslatch_identity_issuer");
            poslatch_identity_not_before = library.Function<IdentityTime>("poslatch_identity_not_before");
            poslatch_identity_not_after = library.Function<IdentityTime>("poslatch_identity_not_after");
            poslatch_identity_earliest_expiry = library.Function<IdentityTime>("poslatch_identity_earliest_expiry");
            poslatch_identity_needs_renewal = library.Function<IdentityDue>("poslatch_identity_needs_renewal");
            poslatch_identity_fingerprint = library.Function<IdentityText>("poslatch_identity_fingerprint");
            poslatch_identity_free = library.Function<Free>("poslatch_identity_free");

            poslatch_connection_exchange = library.Function<Exchange>("poslatch_connection_exchange");
            poslatch_connection_send = library.Function<Send>("poslatch_connection_send");
            poslatch_connection_receive = library.Function<Receive>("poslatch_connection_receive");
            poslatch_connection_recover = library.Function<Recover>("poslatch_connection_recover");
            poslatch_connection_state = library.Function<ConnectionNumber>("poslatch_connection_state");
            poslatch_connection_server_name = library.Function<ConnectionText>("poslatch_connection_server_name");
            poslatch_connection_tls_version = library.Function<ConnectionText>("poslatch_connection_tls_version");
            poslatch_connection_close = library.Function<ConnectionSignal>("poslatch_connection_close");
            poslatch_connection_free = library.Function<Free>("poslatch_connection_free");

            poslatch_buffer_data = library.Function<BufferData>("poslatch_buffer_data");
            poslatch_buffer_size = library.Function<BufferSize>("poslatch_buffer_size");
            poslatch_buffer_free = library.Function<Free>("poslatch_buffer_free");

            poslatch_error_status = library.Function<ErrorNumber>("poslatch_error_status");
            poslatch_error_category = library.Function<ErrorNumber>("poslatch_error_category");
            poslatch_error_message = library.Function<ErrorText>("poslatch_error_message");
            poslatch_error_advice = library.Function<ErrorText>("poslatch_error_advice");
            poslatch_error_request_state = library.Function<ErrorNumber>("poslatch_error_request_state");
            poslatch_error_http_status = library.Function<ErrorNumber>("poslatch_error_http_status");
            poslatch_error_os_code = library.Function<ErrorNumber>("poslatch_error_os_code");
            poslatch_error_free = library.Function<Free>("poslatch_error_free");
        }
    }
}
