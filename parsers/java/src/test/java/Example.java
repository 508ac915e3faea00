import java.io.IOException;
import java.nio.file.Path;
import org.aprfmt.reader.AprFormatException;
import org.aprfmt.reader.AprModel;
import org.aprfmt.reader.AprTensor;

public class Example {
    public static void main(String[] args) throws IOException {
        try (AprModel model = AprModel.open(Path.of(args[0]))) {
            model.verify(); // the metadata, and every byte against the footer; opening has checked the rest
            System.out.println(model.metadata().get("model_type"));
            for (AprTensor tensor : model.tensors()) {
                System.out.println(tensor);
            }
            AprTensor tensor = model.tensor("wte").orElseThrow();
            System.out.println(tensor.read().asFloatBuffer().get(0));
        } catch (AprFormatException e) {
            System.out.println(e.rule() + " in " + e.field() + " at " + e.span());
        }
    }
}
