// A caller of the driver library by JNA, as hospital software in Java has it: LIBRARY, then int or long. What it reads and prints:
// see caller.c. On Windows such programs have a StdCallLibrary, whose convention JNA refuses elsewhere.
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.HexFormat;

public class Caller {
    static final int BUFFER = 256;
    static final byte BEFORE = (byte) 0xA5;

    public interface AsInt extends Library {
        int iReadCardBas(int iType, byte[] pOutInfo);
        int iReadCardBas_HSM_Step1(int iType, byte[] pOutInfo);
        int iReadCardBas_HSM_Step2(byte[] pKey, byte[] pOutInfo);
        int iVerifyPIN(int iType, byte[] pOutInfo);
    }

    public interface AsLong extends Library {
        long iReadCardBas(int iType, byte[] pOutInfo);
        long iReadCardBas_HSM_Step1(int iType, byte[] pOutInfo);
        long iReadCardBas_HSM_Step2(byte[] pKey, byte[] pOutInfo);
        long iVerifyPIN(int iType, byte[] pOutInfo);
    }

    static String call(Class<?> kind, Object library, String[] words) throws Exception {
        byte[] buffer = new byte[BUFFER];
        Arrays.fill(buffer, BEFORE);
        Object[] values = new Object[words.length - 1];
        boolean hasBuffer = false;
        for (int at = 1; at < words.length; at++) {
            String rest = words[at].substring(1);
            hasBuffer |= words[at].charAt(0) == 'o';
            values[at - 1] = switch (words[at].charAt(0)) {
                case 'i' -> Integer.valueOf(rest);
                case 's' -> HexFormat.of().parseHex(rest + "00");
                case 'o' -> buffer;
                default -> null;
            };
        }
        Method method = Arrays.stream(kind.getMethods()).filter(one -> one.getName().equals(words[0])).findFirst().get();
        Object result = method.invoke(library, values);
        int length = 0;
        while (hasBuffer && length < BUFFER && buffer[length] != 0) length++;
        boolean clean = true;
        for (int at = hasBuffer ? length + 1 : 0; at < BUFFER; at++) clean &= buffer[at] == BEFORE;
        return result + " " + (clean ? 1 : 0) + " " + HexFormat.of().formatHex(buffer, 0, length);
    }

    static int isThere(String path, String name) {
        try {
            NativeLibrary.getInstance(path).getFunction(name);
            return 1;
        } catch (UnsatisfiedLinkError error) {
            return 0;
        }
    }

    public static void main(String[] words) throws Exception {
        Class<? extends Library> kind = words[1].equals("int") ? AsInt.class : AsLong.class;
        Library library = Native.load(words[0], kind);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            boolean asks = line.startsWith("?");
            System.out.println(asks ? isThere(words[0], line.substring(1)) : call(kind, library, line.split(" ")));
        }
    }
}
