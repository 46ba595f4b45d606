using System;
using System.IO;

namespace Poslatch.Tests
{
    /// <summary>A folder that goes with its test: identities are keys, and stay nowhere.</summary>
    internal sealed class Scratch : IDisposable
    {
        internal Scratch()
        {
            Folder = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "poslatch-csharp-" + Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(Folder);
        }

        internal string Folder { get; }

        internal string Path(params string[] parts)
        {
            string path = Folder;
            foreach (string part in parts)
            {
                path = System.IO.Path.Combine(path, part);
            }
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path));
            return path;
        }

        public void Dispose()
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
