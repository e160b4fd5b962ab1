import java.io.File;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import javax.xml.validation.Validator;

/** Validates files against a schema with the JDK's own validator, as a partner's system may. */
public class ValidateWithJdk {
    public static void main(String[] args) throws Exception {
        SchemaFactory factory = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI);
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        Schema schema = factory.newSchema(new File(args[0]));
        int failed = 0;
        for (int i = 1; i < args.length; i++) {
            Validator validator = schema.newValidator();
            try {
                validator.validate(new StreamSource(new File(args[i])));
            } catch (org.xml.sax.SAXException error) {
                System.out.println(args[i] + ": " + error.getMessage());
                failed++;
            }
        }
        System.exit(failed == 0 ? 0 : 1);
    }
}
