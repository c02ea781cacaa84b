package dev.lintel.dialect;

import dev.lintel.Service;
import java.util.List;

/**
 * What OpenAI offers beside chat and every other vendor of it offers in the same form (OpenAI's API
 * reference, "Images", "Audio" and "Moderations").
 */
public enum OpenAiService {
  IMAGES(Service.IMAGES, "images", "/images/generations", List.of(), "n"),
  IMAGE_EDITS(Service.IMAGES, "image_edits", "/images/edits", List.of("image", "image[]"), "n"),
  IMAGE_VARIATIONS(Service.IMAGES, "image_variations", "/images/variations", List.of("image"), "n"),
  SPEECH(Service.SPEECH, "speech", "/audio/speech", List.of(), "input"),
  TRANSCRIPTIONS(
      Service.TRANSCRIPTIONS, "transcriptions", "/audio/transcriptions", List.of("file"), ""),
  TRANSLATIONS(Service.TRANSCRIPTIONS, "translations", "/audio/translations", List.of("file"), ""),
  MODERATIONS(Service.MODERATIONS, "moderations", "/moderations", List.of(), "");

  private final Service kind;
  private final String word;
  private final String path;
  private final List<String> files;
  private final String measure;

  OpenAiService(Service kind, String word, String path, List<String> files, String measure) {
    this.kind = kind;
    this.word = word;
    this.path = path;
    this.files = files;
    this.measure = measure;
  }

  /** What it is in the words of policies. */
  Service kind() {
    return kind;
  }

  /** The dialect's name. */
  String dialect() {
    return OpenAiChat.NAME + "_" + word;
  }

  /** Below {@code /v1}. */
  public String path() {
    return path;
  }

  /** A form must have a file under one of these names; empty where it takes no form. */
  List<String> files() {
    return files;
  }

  /** The field that says how much is asked for; empty where none does. */
  String measure() {
    return measure;
  }

  /** Whether a form may carry the request. */
  public boolean form() {
    return !files.isEmpty();
  }

  /** Whether it makes pictures. */
  boolean pictures() {
    return measure.equals("n");
  }

  /** Whether its reply is a sound. */
  boolean sound() {
    return this == SPEECH;
  }
}
