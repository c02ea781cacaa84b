package dev.lintel.dialect;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Listing;
import dev.lintel.Trail;
import java.util.List;

/** One more language of an API whose errors and lists are those of its chat. */
interface Beside extends Dialect {
  Dialect chat();

  @Override
  default Failure failure(int status, Headers headers, byte[] body) {
    return chat().failure(status, headers, body);
  }

  @Override
  default Answer error(Failure failure, Trail trail) {
    return chat().error(failure, trail);
  }

  @Override
  default Answer models(List<Listing> models) {
    return chat().models(models);
  }
}
