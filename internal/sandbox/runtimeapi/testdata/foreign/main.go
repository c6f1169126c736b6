// Command foreign is a program for a processor on which no test runs it.
package main

func main() { println("foreign") }
