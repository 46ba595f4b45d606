using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Poslatch.Tests
{
    /// <summary>A device that has another address than it had.</summary>
    public sealed class FindTests
    {
        private readonly Bench bench = Bench.Shared;

        public void device_that_moved_is_found_by_its_identity_and_the_progress_is_told()
        {
            using (Device device = Moved(null))
            {
                var told = new List<int>();
                int total = 0;
                string url = device.Find(bench.Identity, "127.0.0.1", (tried, all) =>
                {
                    told.Add(tried);
                    total = all;
                });
                Check.Equal(bench.Simulator.Url("wss"), url);
                Check.Equal(0, told[0]);
                Check.Equal(2, total);
                Check.Equal(url, device.Find(bench.Identity, "127.0.0.0/29"));
                Check.Equal(url, device.FindAsync(bench.Identity, "127.0.0.1").GetAwaiter().GetResult());
            }
        }

        public void device_is_found_by_its_serial_and_without_any_name_nobody_is()
        {
            using (Device device = Moved(Simulator.Serial))
            {
                Check.Equal(bench.Simulator.Url("wss"), device.Find(subnets: "127.0.0.1"));
            }
            using (Device device = Moved("1850000999"))
            {
                PoslatchException error =
                    Check.Fails(Status.DeviceNotFound, () => device.Find(subnets: "127.0.0.1"));
                Check.Contains("Another device, " + Simulator.Serial + ", answers at", error.Advice);
            }
            using (Device device = Moved(null))
            {
                Check.Fails(Status.Argument, () => device.Find(subnets: "127.0.0.1"));
                Check.Throws<ArgumentException>(() => device.Find(bench.Identity, "127.0.0.1\0"));
            }
        }

        public void progress_callback_that_throws_ends_the_search()
        {
            using (Device device = Moved(Simulator.Serial))
            {
                int calls = 0;
                var jam = new InvalidOperationException("the printer is jammed");
                InvalidOperationException thrown = Check.Throws<InvalidOperationException>(
                    () => device.Find(null, "127.0.0.0/24", (tried, total) =>
                    {
                        calls++;
                        throw jam;
                    }));
                Check.True(ReferenceEquals(jam, thrown), "it is that very exception");
                Check.Equal(1, calls);
            }
        }

        public void search_is_interrupted_and_its_task_cancelled()
        {
            // Not there, so that nothing is found before the interrupt is looked at.
            using (Device device = Moved("1850000999"))
            {
                Check.Fails(
                    Status.Cancelled,
                    () => device.Find(null, "127.0.0.0/24", (tried, total) => device.Interrupt()));
                using (var cancel = new CancellationTokenSource())
                {
                    Task<string> search =
                        device.FindAsync(null, "127.0.0.0/24", (tried, total) => cancel.Cancel(), cancel.Token);
                    Check.Throws<OperationCanceledException>(() => search.GetAwaiter().GetResult());
                }
            }
        }

        /// <summary>The settings of a till that knows the device at another address, where nobody is.</summary>
        private Device Moved(string serial)
        {
            var options = new DeviceOptions { RootCaFile = bench.Simulator.RootCaFile, Serial = serial };
            return new Device(bench.Simulator.Url("wss").Replace("127.0.0.1", "127.0.0.2"), options);
        }
    }
}
