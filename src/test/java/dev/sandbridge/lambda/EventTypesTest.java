package dev.sandbridge.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What Jackson reads and writes of events by reflection. In a native image the framework registers what a handler takes
 * and gives, with all that is within; any other type would be read as empty.
 */
@Tag("lambda-events")
class EventTypesTest {
    @Test
    void everyRecordOfAnEventIsReachedFromWhatAHandlerTakesOrGives() {
        Set<Class<?>> classes = new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages(SnapshotSandboxes.class.getPackageName())
                        .stream()
                        .map(JavaClass::reflect)
                        .collect(Collectors.toSet());
        var reached = new HashSet<Type>();
        classes.stream()
                .filter(RequestHandler.class::isAssignableFrom)
                .flatMap(handler -> Arrays.stream(handler.getDeclaredMethods()))
                .filter(method -> method.getName().equals("handleRequest") && !method.isBridge())
                .forEach(method -> reach(method, reached));

        assertThat(reached).isNotEmpty();
        assertThat(classes.stream().filter(Class::isRecord))
                .as("types of JSON that no handler names in its signature")
                .allMatch(reached::contains);
    }

    private static void reach(Method method, Set<Type> reached) {
        reach(method.getGenericReturnType(), reached);
        reach(method.getGenericParameterTypes()[0], reached);
    }

    private static void reach(Type type, Set<Type> reached) {
        if (type instanceof ParameterizedType generic) {
            Arrays.stream(generic.getActualTypeArguments()).forEach(part -> reach(part, reached));
        } else if (type instanceof Class<?> known && known.isRecord() && reached.add(known)) {
            Arrays.stream(known.getRecordComponents())
                    .map(RecordComponent::getGenericType)
                    .forEach(part -> reach(part, reached));
        }
    }
}
