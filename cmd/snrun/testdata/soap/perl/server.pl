#!/usr/bin/perl
# SOAP::Lite, as the tests of the kind soap call it: perl server.pl. It writes its address, and ends with the standard input. There
# is no WSDL: what it answers is encoded (SOAP 1.1, section 5), and each value names its type as SOAP::Lite guesses it.
#
#   http://example.com/stock: count(list), article(no), twins(), refuse(text)
use strict;
use warnings;
use SOAP::Lite;
use SOAP::Transport::HTTP;

$SIG{CHLD} = 'IGNORE';
my $daemon = SOAP::Transport::HTTP::Daemon->new(LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1);
$daemon->dispatch_with({ 'http://example.com/stock' => 'Stock' });
my $address = $daemon->url;
$address =~ s{/$}{};

my $parent = $$;
if (!(fork // die "fork: $!")) { # who waits for the end of the standard input
  close STDOUT;
  close STDERR;
  1 while <STDIN>;
  kill 'KILL', $parent if getppid == $parent;
  exit;
}
$| = 1;
print "$address\n";
$daemon->handle;

package Stock;

sub count { shift; my $list = shift; return scalar @$list; }

sub article {
  my ($class, $no) = @_;
  return { no => $no, name => "screw", price => 0.1, tags => ['steel', 'small'], left => 12 };
}

# twins answers the same box twice.
sub twins {
  my $box = { label => 'one', weight => 5 };
  return [$box, $box];
}

sub refuse {
  my ($class, $text) = @_;
  die SOAP::Fault->faultcode('Client.Stock')->faultstring($text)->faultdetail(SOAP::Data->name('reason' => { code => 7 }));
}
