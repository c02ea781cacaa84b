package dev.lintel.identity;

import dev.lintel.Peer;
import dev.lintel.Reach;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * From where a request comes. What proxies say of it counts only as far as the proxies themselves
 * are trusted: the last address in {@code x-forwarded-for} that is none of theirs.
 *
 * @param proxies those that are trusted
 */
public record Addresses(List<Reach.Network> proxies) {
  public Addresses {
    proxies = List.copyOf(proxies);
  }

  /** Empty for what came over no network, or from where a proxy cannot say. */
  public Optional<InetAddress> of(Peer peer) {
    Optional<InetAddress> nearest = peer.address();
    if (proxies.isEmpty() || nearest.isEmpty() || !within(proxies, nearest.get())) {
      return nearest;
    }
    String[] said = peer.forwarded().split(",", -1);
    InetAddress found = nearest.get();
    for (int i = said.length - 1; i >= 0 && within(proxies, found); i--) {
      String text = said[i].strip();
      if (text.isEmpty()) {
        return Optional.of(found);
      }
      try {
        found = InetAddress.ofLiteral(text);
      } catch (IllegalArgumentException noAddress) {
        return Optional.empty();
      }
    }
    return Optional.of(found);
  }

  static boolean within(List<Reach.Network> networks, InetAddress address) {
    byte[] bytes = address.getAddress();
    for (Reach.Network network : networks) {
      if (network.has(bytes)) {
        return true;
      }
    }
    return false;
  }
}
