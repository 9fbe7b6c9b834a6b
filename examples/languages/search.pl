#!/usr/bin/perl
# search.pl MOUNT QUERY
use strict;
use warnings;

my ($mount, $query) = @ARGV;
$query =~ s/([%\/.])/sprintf('%%%02X', ord $1)/ge;
sub text { open my $file, '<', "$mount/$_[0]" or die "$_[0]: $!\n"; local $/; return <$file> // '' }
sub docs { opendir my $dir, $_[0] or return (); return map { $_ eq 'more' ? docs("$_[0]/more") : /^(\d+)\.txt$/ } readdir $dir }

print text("count/$query") =~ s/\n//r, " occurrences\n";
my @docs = sort(docs("$mount/docs/$query")) or exit;
print "$_\n" for @docs;
print text("doc/$docs[0].txt"), "\n", text("doc/$docs[0].json");
