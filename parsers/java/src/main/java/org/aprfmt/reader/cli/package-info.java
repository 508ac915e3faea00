/** Programs on top of the reader. They use nothing but its public API. */
package org.aprfmt.reader.cli;
