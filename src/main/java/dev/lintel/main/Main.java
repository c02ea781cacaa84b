package dev.lintel.main;

final class Main {
  private Main() {}

  public static void main(String[] args) {}
}
