import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints every record of a topic: partition, key, value and headers (name, value, …), each in base64, with tabs. */
class ReadTopic {
    public static void main(String[] given) {
        Map<String, Object> settings = Map.of("bootstrap.servers", given[0], "enable.auto.commit", "false");
        try (var reader = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> all = reader.partitionsFor(given[1]).stream()
                .map(one -> new TopicPartition(one.topic(), one.partition())).collect(Collectors.toList());
            reader.assign(all);
            reader.seekToBeginning(all);
            Map<TopicPartition, Long> ends = reader.endOffsets(all);
            while (all.stream().anyMatch(one -> reader.position(one) < ends.get(one))) {
                for (ConsumerRecord<String, String> record : reader.poll(Duration.ofSeconds(1))) {
                    var line = new StringBuilder().append(record.partition());
                    line.append('\t').append(coded(record.key())).append('\t').append(coded(record.value()));
                    for (Header header : record.headers()) {
                        line.append('\t').append(coded(header.key()));
                        line.append('\t').append(coded(new String(header.value(), StandardCharsets.UTF_8)));
                    }
                    System.out.println(line);
                }
            }
        }
    }

    private static String coded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
