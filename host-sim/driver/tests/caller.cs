// A caller of the driver library by P/Invoke, as hospital software in C# has it. The class Driver has the functions' declarations:
// the test makes them of its table, with results as int or long. What this reads and prints: see caller.c.
using System;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;

static class Caller {
    const int Buffer = 256;
    const byte Before = 0xA5;

    static byte[] Bytes(string hex) {
        return Enumerable.Range(0, hex.Length / 2).Select(at => Convert.ToByte(hex.Substring(2 * at, 2), 16)).ToArray();
    }

    static object Argument(string word, byte[] buffer) {
        switch (word[0]) {
            case 'i': return int.Parse(word.Substring(1));
            case 's': return Bytes(word.Substring(1) + "00");
            case 'o': return buffer;
            default: return null;
        }
    }

    static string Call(string[] words) {
        byte[] buffer = Enumerable.Repeat(Before, Buffer).ToArray();
        object[] values = words.Skip(1).Select(word => Argument(word, buffer)).ToArray();
        object result = typeof(Driver).GetMethod(words[0]).Invoke(null, values);
        bool hasBuffer = values.Contains(buffer);
        int length = hasBuffer ? Array.IndexOf(buffer, (byte)0) : 0;
        bool clean = buffer.Skip(hasBuffer ? length + 1 : 0).All(one => one == Before);
        string text = string.Concat(buffer.Take(length).Select(one => one.ToString("x2")));
        return result + " " + (clean ? 1 : 0) + " " + text;
    }

    static int IsThere(string name) {
        try {
            Marshal.Prelink(typeof(Driver).GetMethod(name));
            return 1;
        } catch (EntryPointNotFoundException) {
            return 0;
        }
    }

    static void Main() {
        for (string line = Console.ReadLine(); line != null; line = Console.ReadLine()) {
            Console.WriteLine(line[0] == '?' ? IsThere(line.Substring(1)).ToString() : Call(line.Split(' ')));
        }
    }
}
