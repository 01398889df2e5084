import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.MachineComplexityEvaluator;

/**
 * Verdicts of AWS's rule engine, for bench/filters.ts. First argument: a file with a pattern (JSON text in a JSON string), a tab and an event (likewise) on each
 * line. Writes a line for each: `match`, `no_match`, `invalid` (with why), or `too_complex` beyond the complexity given as second argument; then
 * `speed`, and events per second from JSON text to verdict in machines made beforehand.
 */
public class RulerVerdicts {
    record Case(Machine machine, String event) { }

    public static void main(String[] args) throws Exception {
        ObjectMapper json = new ObjectMapper();
        MachineComplexityEvaluator evaluator = new MachineComplexityEvaluator(Integer.parseInt(args[1]) + 1);
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        List<Case> cases = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(Path.of(args[0]), StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int tab = line.indexOf('\t');
                String pattern = json.readTree(line.substring(0, tab)).textValue();
                String event = json.readTree(line.substring(tab + 1)).textValue();
                String problem = JsonRuleCompiler.check(pattern);
                Machine machine = new Machine();
                try {
                    machine.addRule("rule", pattern);
                } catch (Exception error) {
                    out.println("invalid\t" + String.valueOf(error.getMessage()).split("\n")[0]);
                    continue;
                }
                int complexity = machine.evaluateComplexity(evaluator);
                if (complexity >= Integer.parseInt(args[1]) + 1) {
                    out.println("too_complex\t" + complexity);
                    continue;
                }
                Machine older = Machine.builder().withStructuredMatching(false).build();
                older.addRule("rule", pattern);
                boolean matches = !machine.rulesForJSONEvent(event).isEmpty();
                String how = problem == null ? "complexity " + complexity : "as the older compiler reads it: " + problem.split("\n")[0];
                boolean olderMatches = !older.rulesForJSONEvent(event).isEmpty();
                out.println((matches ? "match" : "no_match") + "\t" + how + (olderMatches == matches ? "" : ", the older finder differs"));
                cases.add(new Case(machine, event));
            }
        }
        double best = 0;
        for (int round = 0; round < 5; round++) {
            long start = System.nanoTime();
            for (Case each : cases) each.machine().rulesForJSONEvent(each.event());
            best = Math.max(best, cases.size() / ((System.nanoTime() - start) / 1e9));
        }
        out.println("speed\t" + Math.round(best));
        out.flush();
    }
}
