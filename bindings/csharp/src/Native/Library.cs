namespace Poslatch.Native
{
    /// <summary>
    /// The library of this process: found, loaded and checked when something first needs it. Not a static constructor,
    /// whose failure would come out as a TypeInitializationException, and for ever.
    /// </summary>
    internal static class Library
    {
        private static readonly object Gate = new object();
        private static volatile NativeMethods functions;
        private static string chosenPath;
        private static string loadedPath;

        /// <exception cref="PoslatchLibraryException">
        /// There is none, or none that fits; the next use tries again.
        /// </exception>
        internal static NativeMethods Functions
        {
            get { return functions ?? Load(); }
        }

        internal static string ChosenPath
        {
            get
            {
                lock (Gate)
                {
                    return chosenPath;
                }
            }
        }

        /// <summary>Null as long as nothing was loaded.</summary>
        internal static string LoadedPath
        {
            get
            {
                lock (Gate)
                {
                    return loadedPath;
                }
            }
        }

        /// <summary>False if a library is loaded already, which cannot be exchanged.</summary>
        internal static bool Choose(string path)
        {
            lock (Gate)
            {
                if (functions == null)
                {
                    chosenPath = path;
                }
                return functions == null;
            }
        }

        private static NativeMethods Load()
        {
            lock (Gate)
            {
                if (functions == null)
                {
                    NativeLibrary library = LibraryFinder.Find(chosenPath);
                    var bound = new NativeMethods(library);
                    loadedPath = library.Path;
                    functions = bound;
                }
                return functions;
            }
        }
    }
}
