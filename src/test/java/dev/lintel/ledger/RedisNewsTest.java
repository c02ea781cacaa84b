package dev.lintel.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class RedisNewsTest {
  /** One node. */
  private record Node(Redis redis, RedisNews news, List<String> heard) implements AutoCloseable {
    static Node on(RealRedis real, String tag) {
      var redis = new Redis(real.url(), tag);
      var news = new RedisNews(redis);
      var heard = new CopyOnWriteArrayList<String>();
      news.hear("topic", heard::add);
      return new Node(redis, news, heard);
    }

    /** Tells until that one hears: what is told before it listens reaches nobody. */
    void reaches(Node other) {
      int before = other.heard.size();
      Nodes.until(() -> {
        news.tell("topic", "are you there?");
        return other.heard.size() > before;
      });
    }

    @Override
    public void close() {
      news.close();
      redis.close();
    }
  }

  @Test
  void what_one_tells_of_a_topic_the_others_hear_in_its_order_and_itself_does_not() {
    String tag = RealRedis.tag();
    try (var one = Node.on(RealRedis.shared(), tag);
        var other = Node.on(RealRedis.shared(), tag);
        var stranger = Node.on(RealRedis.shared(), RealRedis.tag())) {
      one.reaches(other);
      other.reaches(one);
      assertThat(one.heard).containsOnly("are you there?");
      one.news.tell("another topic", "a");
      one.news.tell("topic", "b");
      one.news.tell("topic", "");
      one.news.tell("topic", "c d");
      Nodes.until(() -> other.heard.contains("c d"));
      assertThat(other.heard).endsWith("b", "", "c d").doesNotContain("a");
      assertThat(one.heard).containsOnly("are you there?");
      assertThat(stranger.heard).isEmpty();
    }
  }

  @Test
  void who_does_not_understand_keeps_others_from_nothing() {
    String tag = RealRedis.tag();
    try (var one = Node.on(RealRedis.shared(), tag);
        var other = Node.on(RealRedis.shared(), tag)) {
      var later = new CopyOnWriteArrayList<String>();
      other.news.hear(
          "topic",
          text -> {
            throw new IllegalArgumentException(text);
          });
      other.news.hear("topic", later::add);
      one.reaches(other);
      Nodes.until(() -> later.size() == other.heard.size());
    }
  }

  @Test
  void news_go_on_when_redis_has_come_back() {
    try (var redis = RealRedis.own();
        var one = Node.on(redis, "test");
        var other = Node.on(redis, "test")) {
      one.reaches(other);
      redis.stop();
      Nodes.until(() -> !one.news.connected() && !other.news.connected());
      one.news.tell("topic", "lost");
      redis.start();
      one.reaches(other);
      other.reaches(one);
      assertThat(other.heard).doesNotContain("lost");
    }
  }
}
