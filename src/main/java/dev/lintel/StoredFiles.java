package dev.lintel;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The tenants' files: what is known of them, and where their content lies. */
public interface StoredFiles {
  /** Where content is written before it is a file; what lies there unused is removed in time. */
  Path draft(String id);

  /** Whether it is a file whose content lies in the folder of another node of the same store. */
  boolean elsewhere(String id);

  /**
   * Makes a file of its draft, whose bytes must be on the disk already; durable when it returns.
   */
  void add(StoredFile file);

  Optional<StoredFile> find(String tenant, String id);

  /**
   * A tenant's files by their age.
   *
   * @param purpose empty for all
   * @param after the id behind which to begin; empty for the beginning
   */
  List<StoredFile> list(
      String tenant, Optional<String> purpose, boolean newestFirst, String after, int limit);

  /** Where the content lies. */
  Path content(String id);

  /** Removes the file with its content; false where the tenant has none of that id. */
  boolean remove(String tenant, String id);

  /** How many bytes all files of the tenant have. */
  long bytes(String tenant);
}
