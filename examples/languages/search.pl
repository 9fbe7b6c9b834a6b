#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# search.pl MOUNT QUERY
use strict;
use warnings;

my ($mount, $query) = @ARGV;
utf8::encode($query) if utf8::is_utf8($query); # what PERL_UNICODE has decoded
$query =~ s/([^A-Za-z0-9 ])/sprintf('%%%02X', ord $1)/ge;
sub text { open my $file, '<', "$mount/$_[0]" or die "$_[0]: $!\n"; binmode $file; local $/; return <$file> // '' }
sub docs { opendir my $dir, $_[0] or return (); return map { $_ eq 'more' ? docs("$_[0]/more") : /^(\d+)\.txt$/ } readdir $dir }

binmode STDOUT;
print text("count/$query") =~ s/\n//r, " occurrences\n";
my @docs = sort(docs("$mount/docs/$query")) or exit;
print "$_\n" for @docs;
print text("doc/$docs[0].txt"), "\n", text("doc/$docs[0].json");
